import type { Probation } from '../../model/probation.ts';
import type { HostTarget } from '../../model/target.ts';
import type { Found } from './scrub.ts';

/** Whether a new generation is watched by its host as it should be; nothing where that is nobody's wish. */
export function watched(probation: Probation | null, { watch }: HostTarget['policy']): readonly Found[] {
  if (probation === null && watch === null) return [];
  const found = { check: 'watch', ok: true, ms: 0, quotes: 'never' } as const;
  if (probation === null) return [{ ...found, detail: 'no generation is on probation' }];
  const { state, from, to, running } = probation;
  if (state === 'back') return [{ ...found, warning: true, detail: wentBack(probation), event: probation.at }];
  // Open transactions have a line of their own.
  if (state === 'going' || running)
    return [{ ...found, detail: `the host watches generation ${to}, and goes back to ${from} by itself if it fails` }];
  return [
    { ...found, warning: true, detail: `nobody watches generation ${to} any more: its watch has lost its process` },
  ];
}

/** What is told until somebody deploys or rolls back. */
export const wentBack = ({ from, to, at, because }: Probation): string =>
  `the host went back by itself from generation ${to} to ${from} at ${at}: ${because}`;
