import { commandWords, variablesOf } from '../command-words.ts';
import { error } from '../finding.ts';
import { hasUrlPassword, looksSecret, namesSecret } from '../secret-words.ts';
import type { LintedService, Rule, Subject } from '../subject.ts';

const FIX = 'put it into the env file of the playbook; systemd hands it over by EnvironmentFile=';

/** secret-in-unit, secret-in-command: a secret in a unit or on a command line is no secret. */
export const secret: Rule = (subject) =>
  subject.services.flatMap((service) => [...inEnvironment(service, subject), ...inCommands(service, subject)]);

function inEnvironment(service: LintedService, { place }: Subject) {
  const named = service.service.environment.filter(
    ([name, value]) => (namesSecret(name) && looksSecret(value)) || hasUrlPassword(value),
  );
  return named.map(([name]) => {
    const at = service.all('Environment').find(({ value }) => value.includes(`${name}=`));
    return error('secret-in-unit', place(at ?? { file: service.unit.file, line: 0 }), {
      message: `Environment= holds the secret ${name}`,
      why: 'unit files are readable by every account of the host, `systemctl show` prints the value, and so does git',
      fix: FIX,
    });
  });
}

const EXECS = [
  'ExecCondition',
  'ExecStartPre',
  'ExecStart',
  'ExecStartPost',
  'ExecReload',
  'ExecStop',
  'ExecStopPost',
] as const;

function inCommands({ service, all, unit }: LintedService, { place }: Subject) {
  const commands = [
    service.execCondition,
    service.execStartPre,
    service.execStart,
    service.execStartPost,
    service.execReload,
    service.execStop,
    service.execStopPost,
  ];
  return commands.flatMap((list, i) =>
    list.flatMap((command) => {
      const key = EXECS[i] ?? 'ExecStart';
      const words = commandWords(command);
      const name = variablesOf(command).find(namesSecret);
      const literal = words.findIndex((word, at) => literalSecret(word, words[at + 1] ?? ''));
      if (name === undefined && literal === -1) return [];
      const at =
        all(key).find(({ value }) => value.includes(name ?? words[literal]?.slice(0, 12) ?? '')) ?? all(key)[0];
      return [
        error('secret-in-command', place(at ?? { file: unit.file, line: 0 }), {
          message:
            name === undefined ? `${key}= holds a secret` : `${key}= puts the secret ${name} on the command line`,
          why: 'every account of the host sees command lines, in `ps` and in /proc',
          fix: name === undefined ? FIX : `let the program read ${name} from its environment, where it is already`,
        }),
      ];
    }),
  );
}

function literalSecret(word: string, next: string): boolean {
  const [, option = '', value] = /^--?([\w-]+)(?:=(.*))?$/.exec(word) ?? [];
  return hasUrlPassword(word) || (namesSecret(option) && looksSecret(value ?? next) && !/^-/.test(value ?? next));
}
