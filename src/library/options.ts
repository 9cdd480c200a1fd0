import type { Shard } from '../config/select.ts';
import type { FleetEvent, Summary } from '../model/events.ts';
import type { Question } from '../model/question.ts';

/** Which apps on which hosts: hosts and groups add up, apps narrow. */
export type Where = {
  /** Names, addresses or globs. */
  readonly hosts?: readonly string[];
  /** Groups of the inventory, with those inside them. */
  readonly groups?: readonly string[];
  /** Playbooks by name; all that a host has unless told. */
  readonly apps?: readonly string[];
  /** All hosts, where none is named: a command that changes hosts has to hear it. */
  readonly all?: boolean;
  /** Only one of so many parts of all that, counted from 1. */
  readonly shard?: Shard;
};

/** Everything that happens, in the order in which it does; the summary is told when all hosts have ended. */
export type Event =
  | FleetEvent
  | ({ readonly type: 'summary' } & Summary)
  /** So much of what commands print was left out here, since it was not taken in time. */
  | { readonly type: 'dropped'; readonly events: number };

/** What a command is about, once all files of this machine are read and before any host is contacted. */
export type About = {
  readonly command: string;
  readonly hosts: readonly { readonly host: string; readonly app: string }[];
  readonly warnings: readonly string[];
};

/** What all commands on hosts take. */
export type Options = Where & {
  /** Stops cleanly: hosts that have begun are brought to a whole state. */
  readonly signal?: AbortSignal;
  /** Hosts at a time; 10 unless told. */
  readonly parallel?: number;
  /** Logs in as this user, whatever the inventory says. */
  readonly user?: string;
  /** A private key to log in with, whatever the inventory says. */
  readonly identityFile?: string;
  /** Trusts hosts whose key is not known yet, and remembers it. */
  readonly acceptNew?: boolean;
  /** Agrees to whatever would be asked. */
  readonly yes?: boolean;
  /** Is asked before hosts are changed in a way that wants a word; without it, and without `yes`, the command is refused. */
  readonly agree?: (question: Question) => boolean | Promise<boolean>;
  /** Is told once what there is to work on; hosts wait until it has ended. */
  readonly onBegin?: (about: About) => void | Promise<void>;
  /** Hears everything at once, also while nobody iterates. */
  readonly onEvent?: (event: Event) => void;
  /** Hears what belongs to no host's run: a key that was remembered, a channel that could not be told. */
  readonly onNote?: (text: string) => void;
};
