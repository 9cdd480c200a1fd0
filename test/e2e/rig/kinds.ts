/** What a test host is made of: the image recipe, the Debian suite and what runs as PID 1. */
export interface Kind {
  readonly recipe: 'debian' | 'busybox';
  readonly suite: string;
  readonly boot: string;
  readonly systemd: boolean;
  /** Whether it has the stand-ins for the hardware of a Jetson. */
  readonly jetson?: true;
  /** Whether root may look into the processes of others, as it may on a machine and not in a container. */
  readonly traces?: true;
}

const systemd = (suite: string): Kind => ({ recipe: 'debian', suite, boot: '/sbin/boot-systemd', systemd: true });
const plain = (suite: string): Kind => ({ recipe: 'debian', suite, boot: '/sbin/boot-plain', systemd: false });
const busybox = (suite: string): Kind => ({ recipe: 'busybox', suite, boot: '/sbin/boot-busybox', systemd: false });

/** The images of all of them are made before the first test. */
export const kinds = {
  systemd: systemd('bookworm'),
  plain: plain('bookworm'),
  busybox: busybox('bookworm'),
  traced: { ...plain('bookworm'), traces: true },
  jetson: { ...systemd('bookworm'), boot: '/sbin/boot-jetson', jetson: true },
  'systemd-bullseye': systemd('bullseye'),
  'systemd-trixie': systemd('trixie'),
  'plain-bullseye': plain('bullseye'),
  'plain-trixie': plain('trixie'),
  'busybox-trixie': busybox('trixie'),
} satisfies Record<string, Kind>;

export type KindName = keyof typeof kinds;
