import type { Layout } from '../model/layout.ts';

/** Where fleet keeps what decides on a host: root's own folder, or below the app's root when there is no root. */
export const stateFolder = (layout: Layout, uid: number): string =>
  uid === 0 ? `/var/lib/fleet/${layout.app}` : `${layout.root}/.fleet`;

export const releaseFolder = (layout: Layout, generation: number): string => `${layout.root}/releases/${generation}`;
