/** What a test host is made of: the image recipe, the Debian suite and what runs as PID 1. */
export interface Kind {
  readonly recipe: 'debian' | 'busybox';
  readonly suite: string;
  readonly boot: string;
  readonly systemd: boolean;
  /** Whether it has the stand-ins for the hardware of a Jetson. */
  readonly jetson?: true;
}

const systemd = (suite: string): Kind => ({ recipe: 'debian', suite, boot: '/sbin/boot-systemd', systemd: true });
const plain = (suite: string): Kind => ({ recipe: 'debian', suite, boot: '/sbin/boot-plain', systemd: false });
const busybox = (suite: string): Kind => ({ recipe: 'busybox', suite, boot: '/sbin/boot-busybox', systemd: false });

/** Images of the first three are built before the tests; the others when a test first asks for one. */
export const kinds = {
  systemd: systemd('bookworm'),
  plain: plain('bookworm'),
  busybox: busybox('bookworm'),
  jetson: { ...systemd('bookworm'), boot: '/sbin/boot-jetson', jetson: true },
  'systemd-bullseye': systemd('bullseye'),
  'systemd-trixie': systemd('trixie'),
  'plain-bullseye': plain('bullseye'),
  'plain-trixie': plain('trixie'),
  'busybox-trixie': busybox('trixie'),
} satisfies Record<string, Kind>;

export type KindName = keyof typeof kinds;
