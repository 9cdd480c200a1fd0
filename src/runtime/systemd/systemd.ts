import type { UnitFile } from '../../model/plan.ts';
import { understoodSince } from '../../unit/directives/directives.ts';
import { expandServices, PULLS } from '../../unit/graph/graph.ts';
import { triggersOf } from '../../unit/graph/trigger.ts';
import { assigned, type EffectiveUnit, effectiveUnit } from '../../unit/settings/effective.ts';
import { readService } from '../../unit/settings/read-service.ts';
import { isTemplate, unitType } from '../../unit/syntax/name.ts';
import { parseUnit } from '../../unit/syntax/parse.ts';
import type { RecordFile, Runtime } from '../define.ts';
import { findings } from '../findings.ts';
import { readbackOf } from './readback.ts';

const problemsOf = (unit: EffectiveUnit) =>
  unitType(unit.name) === 'service' ? readService(unit).problems : unit.problems;

/** Directives of a unit that this systemd is too old for, as `Key= (systemd N)`. */
function tooNew(unit: EffectiveUnit, version: number): readonly string[] {
  const newer = unit.assignments.filter((assignment) => understoodSince(assignment) > version);
  return [...new Set(newer.map((it) => `${it.key}= (systemd ${understoodSince(it)})`))];
}

const file = (path: string, lines: readonly string[]): readonly RecordFile[] =>
  lines.length === 0 ? [] : [{ path, text: lines.map((line) => `${line}\n`).join(''), mode: 0o600 }];

/**
 * What the host checks systemd against: `verify/newer` has a line `FILE:LINE` for each assignment that it is too old
 * for, which is no mistake, and `expect` a line `UNIT PROPERTY VALUE` for each value that must have taken effect.
 */
function readbackFiles(
  units: readonly UnitFile[],
  set: readonly EffectiveUnit[],
  version: number,
): readonly RecordFile[] {
  if (version === 0) return [];
  const newer = units.flatMap((unit) => parseUnit(unit).assignments.filter((it) => understoodSince(it) > version));
  const services = set.filter(({ name }) => unitType(name) === 'service');
  return [
    ...file('verify/newer', [...new Set(newer.map((it) => `${it.file}:${it.line}`))]),
    ...file(
      'expect',
      services
        .flatMap((unit) => readbackOf(unit, version))
        .map(({ unit, property, value }) => `${unit} ${property} ${value}`),
    ),
  ];
}

/** An enabled unit that no [Install] section or other unit ties to a boot is gone after the next one. */
function forgotten(set: readonly EffectiveUnit[], enable: readonly string[]): readonly string[] {
  const tied = (unit: EffectiveUnit) =>
    unit.assignments.some(({ section }) => section === 'Install') ||
    set.some((other) => PULLS.some((key) => assigned(other, 'Unit', key).some((it) => it.value.includes(unit.name))));
  return set
    .filter((unit) => enable.includes(unit.name) && !tied(unit))
    .map((unit) => `${unit.name} has no [Install] section, so nothing starts it at boot`);
}

/** PID 1 keeps the services: the unit files themselves are all that it needs. */
export const systemd: Runtime = {
  name: 'systemd',
  record({ units, enable, host }) {
    const { start, enable: enabled, missing, problems } = expandServices(units, enable);
    const triggers = triggersOf(units, start);
    // A template has no settings that could be read back before there is an instance.
    const beside = new Set(triggers.map(({ unit }) => unit).filter((name) => !isTemplate(name)));
    const set = [...start, ...beside].flatMap((name) => effectiveUnit(units, name) ?? []);
    const { warnings, unsupported } = findings(set.flatMap(problemsOf));
    const old = set.flatMap((unit) => {
      const keys = host.systemdVersion > 0 ? tooNew(unit, host.systemdVersion) : [];
      return keys.length > 0 ? [`${unit.name}: systemd ${host.systemdVersion} ignores ${keys.join(', ')}`] : [];
    });
    const external = missing.map((name) => `${name} is none of the deployed units, so the host must already have it`);
    const root = host.uid === 0 ? [] : [`root for systemd units, which ${host.user} does not have here`];
    return {
      files: [
        ...readbackFiles(units, set, host.systemdVersion),
        ...file(
          'triggered',
          triggers.map(({ trigger, unit }) => `${trigger} ${unit}`),
        ),
      ],
      start,
      enable: enabled,
      warnings: [...problems, ...external, ...forgotten(set, enabled), ...warnings, ...old],
      unsupported: [...root, ...unsupported],
    };
  },
};
