import type { ValueKind } from './kinds/kind.ts';

/**
 * How `systemctl show` writes a value (`runtime/systemd/readback.ts`):
 *
 *     asIs     as it stands            yesNo    yes or no             level    yes, no or a word that its kind takes
 *     number   a whole number          size     bytes                 share    time of each second that a percentage is
 *     time     a time span             timeout  the same, 0 is none   signal   its number
 *     mode     octal, four digits      merged   in one value with others
 */
export type Shown =
  | ('asIs' | 'yesNo' | 'level' | 'number' | 'size' | 'share' | 'time' | 'timeout' | 'signal' | 'mode')
  | 'merged';

/** All that is known of a directive: the columns of the tables beside this file. */
export type Directive = {
  /** What it takes. `free`: not judged; `raw`: neither are specifiers replaced; `command`, `variables`: read elsewhere. */
  readonly value: ValueKind;
  /** The systemd that brought it; an older one ignores the line. None: every supported one reads it. */
  readonly since?: number;
  /** The systemd that brought single values; a word with ":" at its end stands for all that begin with it. */
  readonly newer?: Readonly<Record<string, number>>;
  /** How it is read back of a service that is up. None: it is not. */
  readonly shown?: Shown;
  /** Nothing is lost without systemd, but for what `runtime/nohup/shortfall.ts` says of single values. */
  readonly nohup?: true;
  /** Taken out of systemd: read, and nothing is done with it. */
  readonly removed?: true;
};

/** The directives of a section, or what several sections share, in the order of the alphabet. */
export type Section = Readonly<Record<string, Directive>>;
