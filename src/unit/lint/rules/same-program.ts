import { instanceOf, prefixOf } from '../../syntax/name.ts';
import { commandWords } from '../command-words.ts';
import { error, warning } from '../finding.ts';
import type { LintedService, Rule } from '../subject.ts';

const commandOf = ({ service }: LintedService) =>
  service.execStart.map((command) => commandWords(command).join(' ')).join('\n');
const extended = (a: string, b: string) => a.startsWith(`${b}-`) || b.startsWith(`${a}-`);

/** What makes another instance of a program, rather than the same one twice. */
const SETTINGS = (
  'Environment EnvironmentFile PassEnvironment User Group DynamicUser StandardInput Sockets StateDirectory ' +
  'RuntimeDirectory ConfigurationDirectory RootDirectory RootImage BindPaths BindReadOnlyPaths LoadCredential ' +
  'SetCredential NetworkNamespacePath PrivateNetwork'
).split(' ');
const settingsOf = ({ service, all }: LintedService) =>
  JSON.stringify([service.workingDirectory.path, SETTINGS.map((key) => all(key).map(({ value }) => value))]);

const excludes = ({ unit }: LintedService, { name }: LintedService) =>
  unit.assignments.some(({ key, value }) => key === 'Conflicts' && value.split(/\s+/).includes(name));

/** same-program: the same program under two names, such as jarvis.service and jarvis-supervisor.service. */
export const sameProgram: Rule = ({ services, place }) => {
  const plain = services.filter(({ name, service }) => instanceOf(name) === null && service.type !== 'oneshot');
  return plain.flatMap((service, i) => {
    const command = commandOf(service);
    const twin = plain
      .slice(0, i)
      .find((other) => command !== '' && commandOf(other) === command && settingsOf(other) === settingsOf(service));
    if (twin === undefined || excludes(service, twin) || excludes(twin, service)) return [];
    const one = extended(prefixOf(service.name), prefixOf(twin.name));
    const at = service.all('ExecStart').at(-1) ?? { file: service.unit.file, line: 0 };
    return [
      (one ? error : warning)('same-program', place(at, 'value'), {
        message: `${service.name} runs the same command as ${twin.name}, with the same settings`,
        why: 'both run at once: two pollers, two writers of one database, one of them failing at a lock',
        fix: 'deploy one of them, keep the other in a folder of its own, or let them name each other in Conflicts=',
      }),
    ];
  });
};
