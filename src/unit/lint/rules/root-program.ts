import { programsOf } from '../../../util/programs.ts';
import type { Command } from '../../syntax/command-line.ts';
import { commandWords } from '../command-words.ts';
import { type Finding, warning } from '../finding.ts';
import { isBelow, writerOf } from '../layout-paths.ts';
import type { LintedService, Rule, Subject } from '../subject.ts';

const LISTS = {
  ExecStartPre: 'execStartPre',
  ExecStart: 'execStart',
  ExecStartPost: 'execStartPost',
  ExecReload: 'execReload',
  ExecStop: 'execStop',
} as const;

/** root-program: root runs what another account has put there. */
export const rootProgram: Rule = (subject) =>
  subject.services.flatMap((service) =>
    Object.entries(LISTS).flatMap(([key, list]) =>
      service.service[list]
        .filter((command) => runsAsRoot(command, service, subject))
        .flatMap((command) => found(key, command, service, subject)),
    ),
  );

function runsAsRoot({ privilege }: Command, { service, isOn }: LintedService, { layout }: Subject): boolean {
  const root = service.user === '' || service.user === 'root';
  if (root) return layout.user !== null && layout.user !== 'root' && !isOn('DynamicUser');
  return privilege !== 'unit';
}

function found(key: string, command: Command, service: LintedService, subject: Subject): readonly Finding[] {
  const from = service.service.workingDirectory.path;
  for (const word of programsOf(commandWords(command))) {
    // A bare name is looked up in folders of the system; the script of an interpreter is not.
    const path = word.startsWith('/') ? word : word === command.path || from === '' ? null : `${from}/${word}`;
    const writer = path === null ? null : authorOf(path, service, subject);
    if (writer === null) continue;
    const how = command.privilege === 'unit' ? 'has no User= of its own' : `has the prefix ${command.privilege}`;
    const at = service.last(key) ?? { file: service.unit.file, line: 0 };
    return [
      warning('root-program', subject.place(at, 'value'), {
        message: `root runs ${path}: ${key}= ${how}, and ${writer}`,
        why: 'whoever is in that account, a program that was broken into for one, becomes root with the next start',
        fix: `${command.privilege === 'unit' ? `set User=${subject.layout.user ?? ''}` : `leave the ${command.privilege} out`}, or put the program where only root can write, such as /usr/local/sbin (a files task)`,
      }),
    ];
  }
  return [];
}

/** Who else than root has a hand in a file, in words. */
function authorOf(path: string, service: LintedService, subject: Subject): string | null {
  const { layout, commands, uploadUser } = subject;
  const writer = writerOf(path, subject, service);
  if (writer !== null) return writer;
  if (!isBelow(path, layout.current) && !isBelow(path, `${layout.root}/releases`)) return null;
  if (commands.length > 0 && layout.user !== null) return `build steps (run) fill the release as ${layout.user}`;
  return uploadUser === null ? null : `${uploadUser} (uploadUser) fills the release`;
}
