import { instanceOf, prefixOf } from '../../name.ts';
import { commandWords } from '../command-words.ts';
import { error, warning } from '../finding.ts';
import type { LintedService, Rule } from '../subject.ts';

const commandOf = ({ service }: LintedService) =>
  service.execStart.map((command) => commandWords(command).join(' ')).join('\n');
const extended = (a: string, b: string) => a.startsWith(`${b}-`) || b.startsWith(`${a}-`);

/** T20: the same program under two names, such as jarvis.service and jarvis-supervisor.service. */
export const sameProgram: Rule = ({ services, place }) => {
  const plain = services.filter(({ name, service }) => instanceOf(name) === null && service.type !== 'oneshot');
  return plain.flatMap((service, i) => {
    const twin = plain.slice(0, i).find((other) => commandOf(other) !== '' && commandOf(other) === commandOf(service));
    if (twin === undefined) return [];
    const excluded = [service, twin].some(({ unit }) => unit.assignments.some(({ key }) => key === 'Conflicts'));
    if (excluded) return [];
    const one = extended(prefixOf(service.name), prefixOf(twin.name));
    const at = service.all('ExecStart').at(-1) ?? { file: service.unit.file, line: 0 };
    return [
      (one ? error : warning)('T20', place(at, 'value'), {
        message: `${service.name} runs the same command as ${twin.name}`,
        why: 'both run at once: two pollers, two writers of one database, one of them failing at a lock',
        cure: 'deploy one of them, keep the other in a folder of its own, or let them name each other in Conflicts=',
      }),
    ];
  });
};
