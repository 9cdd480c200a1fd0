import { parseDuration } from '../duration.ts';
import { parseBoolean } from '../settings.ts';
import { signalName } from '../signal.ts';

/** What a value of a key must be, and how to tell. */
export type ValueKind = { readonly expected: string; takes(value: string): boolean };

const keys = (text: string, kind: ValueKind) => text.split(' ').map((key) => [key, kind] as const);
const matching = (expected: string, shape: RegExp): ValueKind => ({ expected, takes: (value) => shape.test(value) });
const between = (low: number, high: number, ...words: readonly string[]): ValueKind => ({
  expected: [`a whole number from ${low} to ${high}`, ...words].join(' or '),
  takes: (value) =>
    words.includes(value) || (/^[+-]?\d+$/.test(value) && Number(value) >= low && Number(value) <= high),
});
const oneOf = (text: string): ValueKind => ({
  expected: `one of ${text.replaceAll(' ', ', ')}`,
  takes: (value) => text.split(' ').includes(value),
});
const yesOr = (text = ''): ValueKind => ({
  expected: text === '' ? 'yes or no' : `yes, no or one of ${text.replaceAll(' ', ', ')}`,
  takes: (value) => parseBoolean(value) !== null || text.split(' ').includes(value),
});

const duration: ValueKind = {
  expected: 'a time such as 90, 5min or 1h 30min',
  takes: (value) => parseDuration(value) !== null,
};
const mode = matching('an octal mode such as 0027', /^[0-7]{1,5}$/);
const signal: ValueKind = { expected: 'a signal such as SIGTERM', takes: (value) => signalName(value) !== null };
/** Of the whole: above 0 and up to 100. */
const PART = String.raw`(?!0+(?:\.0*)?%)(?:100|\d{1,2})(?:\.\d{1,2})?%`;
const memory = matching(
  'a size such as 512M or 4G, a percentage up to 100%, or infinity',
  new RegExp(String.raw`^(infinity|${PART}|(?!0+(\.0*)?\s*[BKMGTPE]?$)\d+(\.\d*)?\s*[BKMGTPE]?)$`),
);
const swap: ValueKind = {
  expected: `0 or ${memory.expected}`,
  takes: (value) => /^0+$/.test(value) || memory.takes(value),
};
const processors = matching('a list of CPUs such as 0-3 6, or numa', /^(numa|\d+(-\d+)?([\s,]+\d+(-\d+)?)*)$/);
const percent = matching('a percentage such as 90% or 200%, above 0', /^(?!0+(\.0*)?%)\d+(\.\d{1,2})?%$/);
const count = matching('a whole number', /^\d+$/);
const tasks = matching(
  'a whole number above 0, a percentage up to 100%, or infinity',
  new RegExp(String.raw`^(infinity|[1-9]\d*|${PART})$`),
);
const rlimit = matching(
  'a number, infinity, or two of them as soft:hard',
  /^(infinity|\d+(\.\d*)?\s*[BKMGTPE]?)(:(infinity|\d+(\.\d*)?\s*[BKMGTPE]?))?$/,
);
const counted = matching('a whole number, infinity, or two of them as soft:hard', /^(infinity|\d+)(:(infinity|\d+))?$/);
const absolute = matching('an absolute path', /^-?(\/|%)/);

/** The kind of value that each key takes, where it can be told from the text alone. */
export const VALUE_KINDS: ReadonlyMap<string, ValueKind> = new Map([
  ...keys(
    'Accept AllowIsolate Broadcast CPUSchedulingResetOnFork DefaultDependencies DynamicUser FixedRandomDelay ' +
      'FlushPending FreeBind GuessMainPID IOAccounting IPAccounting IgnoreOnIsolate IgnoreSIGPIPE KeepAlive ' +
      'LockPersonality MakeDirectory MemoryAccounting MemoryDenyWriteExecute MemoryKSM NoDelay NoNewPrivileges ' +
      'NonBlocking OnClockChange OnTimezoneChange PassCredentials PassPacketInfo PassSecurity Persistent ' +
      'PrivateDevices PrivateIPC PrivateMounts PrivateNetwork ProtectClock ProtectKernelLogs ProtectKernelModules ' +
      'ProtectKernelTunables RefuseManualStart RefuseManualStop RemainAfterElapse RemainAfterExit RemoveIPC ' +
      'RemoveOnStop RestrictRealtime RestrictSUIDSGID ReusePort SendSIGHUP SendSIGKILL StopWhenUnneeded ' +
      'SyslogLevelPrefix TTYReset TTYVHangup TasksAccounting Transparent WakeSystem Writable',
    yesOr(),
  ),
  ...keys('PrivateTmp', yesOr('disconnected')),
  ...keys('PrivateUsers', yesOr('self identity full managed')),
  ...keys('ProtectControlGroups', yesOr('private strict')),
  ...keys('ProtectSystem', yesOr('full strict')),
  ...keys('ProtectHome', yesOr('read-only tmpfs')),
  ...keys(
    'AccuracySec RandomizedDelaySec RestartSec RestartMaxDelaySec RuntimeMaxSec RuntimeRandomizedExtraSec ' +
      'StartLimitInterval StartLimitIntervalSec TimeoutAbortSec TimeoutCleanSec TimeoutSec TimeoutStartSec ' +
      'TimeoutStopSec TriggerLimitIntervalSec WatchdogSec LogRateLimitIntervalSec OnActiveSec OnBootSec ' +
      'OnStartupSec OnUnitActiveSec OnUnitInactiveSec JobTimeoutSec JobRunningTimeoutSec CPUQuotaPeriodSec ' +
      'KeepAliveTimeSec KeepAliveIntervalSec DeferAcceptSec',
    duration,
  ),
  ...keys(
    'UMask DirectoryMode SocketMode RuntimeDirectoryMode StateDirectoryMode CacheDirectoryMode LogsDirectoryMode ' +
      'ConfigurationDirectoryMode',
    mode,
  ),
  ...keys('KillSignal FinalKillSignal RestartKillSignal WatchdogSignal ReloadSignal', signal),
  ...keys('MemoryHigh MemoryMax', memory),
  ...keys('MemorySwapMax', swap),
  ...keys('CPUAffinity', processors),
  ...keys('CPUQuota', percent),
  ...keys('StartLimitBurst FileDescriptorStoreMax LogRateLimitBurst RestartSteps TriggerLimitBurst', count),
  ...keys('TasksMax', tasks),
  ...keys('LimitNOFILE LimitNPROC', counted),
  ...keys('LimitCORE LimitMEMLOCK LimitAS LimitSTACK LimitFSIZE LimitDATA LimitRSS', rlimit),
  ...keys('Nice', between(-20, 19)),
  ...keys('OOMScoreAdjust', between(-1000, 1000)),
  ...keys('CPUWeight StartupCPUWeight', between(1, 10_000, 'idle')),
  ...keys('IOWeight StartupIOWeight', between(1, 10_000)),
  ...keys('CPUSchedulingPriority', between(0, 99)),
  ...keys('IOSchedulingPriority', between(0, 7)),
  ...keys('CPUSchedulingPolicy', oneOf('other batch idle fifo rr ext 0 1 2 3 5 7')),
  ...keys('IOSchedulingClass', oneOf('none realtime best-effort idle 0 1 2 3')),
  ...keys('OOMPolicy', oneOf('continue stop kill')),
  ...keys('NotifyAccess', oneOf('none main exec all')),
  ...keys('ProtectProc', oneOf('noaccess invisible ptraceable default')),
  ...keys('ProcSubset', oneOf('all pid')),
  ...keys('KeyringMode', oneOf('inherit private shared')),
  ...keys('DevicePolicy', oneOf('auto closed strict')),
  ...keys('ExitType', oneOf('main cgroup')),
  ...keys('RestartMode', oneOf('normal direct debug')),
  ...keys('CollectMode', oneOf('inactive inactive-or-failed')),
  ...keys('EnvironmentFile', absolute),
]);

/** Keys whose value is a list of paths. */
export const PATH_LISTS: ReadonlySet<string> = new Set(
  'ReadWritePaths ReadOnlyPaths InaccessiblePaths ExecPaths NoExecPaths RequiresMountsFor'.split(' '),
);
