import { assigned, type EffectiveUnit } from '../../unit/settings/effective.ts';
import { readService } from '../../unit/settings/read-service.ts';
import type { Service } from '../../unit/settings/service.ts';
import { parseBoolean } from '../../unit/settings/settings.ts';
import type { Assignment } from '../../unit/syntax/parse.ts';
import { parseDuration } from '../../unit/values/duration.ts';
import { signalName, signalNumber } from '../../unit/values/signal.ts';
import { parseSize } from '../../unit/values/size.ts';
import { understoodSince } from './directive-age.ts';
import { timespan } from './timespan.ts';

/** One line of `systemctl show` that must be there once a service is up. */
export type Expected = { readonly unit: string; readonly property: string; readonly value: string };

/** How `systemctl show` writes the value of a directive; null where that cannot be told for sure. */
type Shows = (value: string) => string | null;

const asIs: Shows = (value) => (/^[\w./:@+-]+$/.test(value) ? value : null);
const yesNo: Shows = (value) => {
  const truth = parseBoolean(value);
  return truth === null ? null : truth ? 'yes' : 'no';
};
const yesNoOr =
  (...words: readonly string[]): Shows =>
  (value) =>
    words.includes(value) ? value : yesNo(value);
const time: Shows = (value) => {
  const seconds = parseDuration(value);
  return seconds === null ? null : timespan(seconds);
};
/** 0 stands for "no limit" in the two timeouts. */
const timeout: Shows = (value) => (parseDuration(value) === 0 ? 'infinity' : time(value));
const number: Shows = (value) => (/^-?\d+$/.test(value) ? String(Number(value)) : null);
const mode: Shows = (value) => (/^[0-7]{1,4}$/.test(value) ? value.padStart(4, '0') : null);
const signal: Shows = (value) => {
  const at = signalNumber(signalName(value) ?? '');
  return at > 0 ? String(at) : null;
};
/** Percentages depend on the memory of the host. */
const size: Shows = (value) => {
  if (value === 'infinity') return value;
  const bytes = /^\d+\s*[KMGTP]?$/.test(value) ? parseSize(value) : null;
  return bytes === null || !Number.isSafeInteger(bytes) ? null : String(bytes);
};
/** Of one second: 90% is 900ms. */
const share: Shows = (value) => {
  const percent = /^(\d+(?:\.\d{1,2})?)%$/.exec(value)?.[1];
  return percent === undefined ? null : timespan(Number(percent) / 100);
};

const rows = (keys: string, shows: Shows) => keys.split(' ').map((key) => [key, key, shows] as const);

/** [Service] directives that are read back: limits, watchdog, restarts, hardening, account. */
const DIRECTIVES: readonly (readonly [key: string, property: string, shows: Shows])[] = [
  ...rows('MemoryMax MemoryHigh', size),
  ['CPUQuota', 'CPUQuotaPerSecUSec', share],
  ...rows('TasksMax CPUWeight IOWeight Nice OOMScoreAdjust', number),
  ...rows('LimitNOFILE LimitNPROC LimitCORE LimitMEMLOCK', size),
  ['WatchdogSec', 'WatchdogUSec', time],
  ['RestartSec', 'RestartUSec', time],
  ['TimeoutStartSec', 'TimeoutStartUSec', timeout],
  ['TimeoutStopSec', 'TimeoutStopUSec', timeout],
  ['RuntimeMaxSec', 'RuntimeMaxUSec', time],
  ...rows('Restart Type KillMode User Group WorkingDirectory ProtectProc KeyringMode', asIs),
  ...rows(
    'NoNewPrivileges PrivateTmp PrivateDevices PrivateNetwork ProtectKernelTunables ProtectKernelModules ' +
      'ProtectKernelLogs ProtectControlGroups ProtectClock ProtectHostname RestrictRealtime RestrictSUIDSGID ' +
      'LockPersonality MemoryDenyWriteExecute RemoveIPC RemainAfterExit',
    yesNo,
  ),
  ['ProtectSystem', 'ProtectSystem', yesNoOr('full', 'strict')],
  ['ProtectHome', 'ProtectHome', yesNoOr('read-only', 'tmpfs')],
  ['KillSignal', 'KillSignal', signal],
  ['UMask', 'UMask', mode],
];

/** What `systemctl show` must say of a service on a host with this systemd. What the host is too old for is left out. */
export function expected(unit: EffectiveUnit, systemdVersion: number): readonly Expected[] {
  const known = (at: Assignment) => understoodSince(at) <= systemdVersion;
  const { service } = readService(unit);
  const lines = DIRECTIVES.flatMap(([key, property, shows]) => {
    const at = assigned(unit, 'Service', key).filter(known).at(-1);
    const value = at === undefined || at.value.includes('%') !== (key === 'CPUQuota') ? null : shows(at.value);
    return value === null ? [] : [{ property, value }];
  });
  return [...lines, ...startLimit(unit, service), ...environment(service)].map((line) => ({
    unit: unit.name,
    ...line,
  }));
}

function startLimit(unit: EffectiveUnit, { startLimitIntervalSec, startLimitBurst }: Service) {
  const set = unit.assignments.some(({ key }) => key.startsWith('StartLimit'));
  if (!set) return [];
  return [
    { property: 'StartLimitIntervalUSec', value: timespan(startLimitIntervalSec) },
    { property: 'StartLimitBurst', value: String(startLimitBurst) },
  ];
}

function environment({ environment: variables, environmentFiles }: Service) {
  // How other characters are quoted differs between versions.
  const plain = variables.every(([, value]) => /^[\w./:@+,-]*$/.test(value));
  const set = variables.map(([name, value]) => `${name}=${value}`).join(' ');
  return [
    ...(variables.length > 0 && plain ? [{ property: 'Environment', value: set }] : []),
    ...environmentFiles.map(({ path, optional }) => ({
      property: 'EnvironmentFiles',
      value: `${path} (ignore_errors=${optional ? 'yes' : 'no'})`,
    })),
  ];
}
