import type { Directive, Shown } from '../../unit/directives/directive.ts';
import { directivesIn, understoodSince } from '../../unit/directives/directives.ts';
import { assigned, type EffectiveUnit } from '../../unit/settings/effective.ts';
import { readService } from '../../unit/settings/read-service.ts';
import type { Service } from '../../unit/settings/service.ts';
import { parseBoolean } from '../../unit/settings/settings.ts';
import type { Assignment } from '../../unit/syntax/parse.ts';
import { parseDuration } from '../../unit/values/duration.ts';
import { signalName, signalNumber } from '../../unit/values/signal.ts';
import { parseSize } from '../../unit/values/size.ts';
import { timespan } from './timespan.ts';

/** One line of `systemctl show` that must be there once a service is up. */
export type Readback = { readonly unit: string; readonly property: string; readonly value: string };

/** How `systemctl show` writes a value; null where that cannot be told for sure. */
type Shows = (value: string, directive: Directive) => string | null;

const yesNo: Shows = (value) => {
  const truth = parseBoolean(value);
  return truth === null ? null : truth ? 'yes' : 'no';
};
const time: Shows = (value) => {
  const seconds = parseDuration(value);
  return seconds === null ? null : timespan(seconds);
};

const SHOWS: Readonly<Record<Shown, Shows>> = {
  asIs: (value) => (/^[\w./:@+-]+$/.test(value) ? value : null),
  yesNo,
  level: (value, directive) => yesNo(value, directive) ?? (directive.value.takes(value) ? value : null),
  number: (value) => (/^-?\d+$/.test(value) ? String(Number(value)) : null),
  // Percentages depend on the memory of the host.
  size(value) {
    if (value === 'infinity') return value;
    const bytes = /^\d+\s*[KMGTP]?$/.test(value) ? parseSize(value) : null;
    return bytes === null || !Number.isSafeInteger(bytes) ? null : String(bytes);
  },
  // Of one second: 90% is 900ms.
  share(value) {
    const percent = /^(\d+(?:\.\d{1,2})?)%$/.exec(value)?.[1];
    return percent === undefined ? null : timespan(Number(percent) / 100);
  },
  time,
  timeout: (value, directive) => (parseDuration(value) === 0 ? 'infinity' : time(value, directive)),
  signal(value) {
    const at = signalNumber(signalName(value) ?? '');
    return at > 0 ? String(at) : null;
  },
  mode: (value) => (/^[0-7]{1,4}$/.test(value) ? value.padStart(4, '0') : null),
  // By `startLimit` and `environment`.
  merged: () => null,
};

function propertyOf(key: string, shown: Shown): string {
  if (shown === 'share') return `${key}PerSecUSec`;
  return shown === 'time' || shown === 'timeout' ? key.replace(/Sec$/, 'USec') : key;
}

/** What `systemctl show` must say of a service on a host with this systemd. What the host is too old for is left out. */
export function readbackOf(unit: EffectiveUnit, systemdVersion: number): readonly Readback[] {
  const known = (at: Assignment) => understoodSince(at) <= systemdVersion;
  const { service } = readService(unit);
  const lines = directivesIn('Service').flatMap(([key, directive]) => {
    const { shown } = directive;
    const at = shown === undefined ? undefined : assigned(unit, 'Service', key).filter(known).at(-1);
    if (shown === undefined || at === undefined || at.value.includes('%') !== (shown === 'share')) return [];
    const value = SHOWS[shown](at.value, directive);
    return value === null ? [] : [{ property: propertyOf(key, shown), value }];
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
