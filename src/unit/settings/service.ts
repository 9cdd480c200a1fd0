import type { Command } from '../syntax/command-line.ts';
import type { EnvironmentFile, Variable } from './environment.ts';
import type { Output } from './output.ts';

export const SERVICE_TYPES = [
  'simple',
  'exec',
  'forking',
  'oneshot',
  'dbus',
  'notify',
  'notify-reload',
  'idle',
] as const;
export const RESTARTS = ['no', 'always', 'on-success', 'on-failure', 'on-abnormal', 'on-abort', 'on-watchdog'] as const;
export const KILL_MODES = ['control-group', 'mixed', 'process', 'none'] as const;

export type ServiceType = (typeof SERVICE_TYPES)[number];
type Restart = (typeof RESTARTS)[number];
type KillMode = (typeof KILL_MODES)[number];

/** Exit statuses and signal names (without SIG). */
export type Endings = { readonly statuses: readonly number[]; readonly signals: readonly string[] };

/** Folders relative to /run, /var/lib, /var/cache, /var/log or /etc. */
export type Folders = { readonly names: readonly string[]; readonly mode: number };

export type WorkingDirectory = {
  /** Absolute, or `~` for the home of the service's user. */
  readonly path: string;
  readonly optional: boolean;
};

/** A service or an instance of a template, with every default of systemd applied. Times are seconds. */
export type Service = {
  readonly name: string;
  readonly type: ServiceType;
  readonly execCondition: readonly Command[];
  readonly execStartPre: readonly Command[];
  readonly execStart: readonly Command[];
  readonly execStartPost: readonly Command[];
  readonly execReload: readonly Command[];
  readonly execStop: readonly Command[];
  readonly execStopPost: readonly Command[];
  readonly workingDirectory: WorkingDirectory;
  readonly environment: readonly Variable[];
  readonly environmentFiles: readonly EnvironmentFile[];
  readonly passEnvironment: readonly string[];
  /** '' when the unit names none. */
  readonly user: string;
  readonly group: string;
  readonly supplementaryGroups: readonly string[];
  readonly umask: number;
  readonly nice: number;
  readonly restart: Restart;
  readonly restartSec: number;
  /** 0 for no limit. */
  readonly startLimitIntervalSec: number;
  readonly startLimitBurst: number;
  /** Infinity for no limit. */
  readonly timeoutStartSec: number;
  readonly timeoutStopSec: number;
  /** Without SIG. */
  readonly killSignal: string;
  readonly killMode: KillMode;
  readonly successExitStatus: Endings;
  readonly restartPreventExitStatus: Endings;
  readonly standardOutput: Output;
  readonly standardError: Output;
  readonly runtimeDirectory: Folders;
  readonly stateDirectory: Folders;
  readonly cacheDirectory: Folders;
  readonly logsDirectory: Folders;
  readonly configurationDirectory: Folders;
  readonly remainAfterExit: boolean;
  readonly syslogIdentifier: string;
};
