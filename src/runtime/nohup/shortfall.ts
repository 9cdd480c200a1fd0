import { directive } from '../../unit/directives/directives.ts';
import { assigned, type EffectiveUnit } from '../../unit/settings/effective.ts';
import type { Service } from '../../unit/settings/service.ts';
import { unitType } from '../../unit/syntax/name.ts';

/** Directives whose value decides whether they can be honoured. */
function byValue(service: Service): readonly string[] {
  const commands = [...service.execStartPre, ...service.execStart, ...service.execReload, ...service.execStop];
  const outputs = [service.standardOutput, service.standardError];
  return [
    ...(service.type.startsWith('notify') ? [`Type=${service.type} (READY=1 is not awaited)`] : []),
    ...(service.killMode === 'control-group' ? [] : [`KillMode=${service.killMode} (the whole group is stopped)`]),
    ...(commands.some((command) => command.privilege !== 'unit')
      ? ['the prefixes + and ! (every command runs as the service user)']
      : []),
    ...(commands.some((command) => command.argv0 !== null) ? ['the prefix @ (the program keeps its name)'] : []),
    ...outputs.flatMap((output) => {
      if (output.to === 'other') return [`an output to ${output.value} (it goes to the log)`];
      if (output.to === 'file' && output.open !== 'append')
        return [`${output.path} being rewritten (it is appended to)`];
      return [];
    }),
  ];
}

/** What of a service is lost without systemd: directive names, or words where a value decides. */
export function shortfall(unit: EffectiveUnit, service: Service, together: readonly string[]): readonly string[] {
  const lost = unit.assignments.filter(({ section, key }) => {
    const known = directive(section, key);
    // What no systemd reads in this section is not lost without one.
    return known !== undefined && !known.nohup;
  });
  const hard = assigned(unit, 'Unit', 'Requires')
    .flatMap(({ value }) => value.split(/\s+/))
    .filter((name) => !together.includes(name) && unitType(name) !== 'target')
    .map((name) => `Requires=${name}`);
  return [...new Set([...byValue(service), ...lost.map(({ key }) => key), ...hard])];
}
