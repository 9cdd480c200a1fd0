import { commandWords } from '../command-words.ts';
import { hint, warning } from '../finding.ts';
import { isBelow, isMade } from '../layout-paths.ts';
import type { LintedService, Rule, Subject } from '../subject.ts';

/** Paths of a unit against where a deploy puts things. */
export const layout: Rule = (subject) =>
  subject.services.flatMap((service) => [
    ...strays(service, subject),
    ...outside(service, subject),
    ...envFile(service, subject),
  ]);

/** Paths below the app's root that no deploy makes, as after a copy by hand. */
function strays({ service, all }: LintedService, subject: Subject) {
  const { root, current } = subject.layout;
  const used = [
    ...service.execStart.flatMap((command) => commandWords(command)).map((path) => ({ key: 'ExecStart', path })),
    { key: 'WorkingDirectory', path: service.workingDirectory.path },
  ];
  return used
    .filter(
      ({ key, path }) =>
        (path === root && key === 'WorkingDirectory') || (path.startsWith(`${root}/`) && !isMade(path, subject)),
    )
    .map(({ key, path }) => {
      const at = all(key).find(({ value }) => value.includes(path)) ?? { file: service.name, line: 0 };
      const fixed = isBelow(path, `${root}/releases`);
      return warning('layout', subject.place(at, 'value'), {
        message: `${key}= uses ${path}, which no deploy makes`,
        why: fixed
          ? 'the number of a release changes with every deploy, and old releases are deleted'
          : `the code of the active release stands in ${current}`,
        fix: `write ${current}${fixed ? '' : path.slice(root.length)}, or name the folder in data: or a directories task`,
      });
    });
}

function outside({ service, last }: LintedService, { layout: { root, current }, place }: Subject) {
  const at = last('WorkingDirectory');
  const { path } = service.workingDirectory;
  const uses = service.execStart.some((command) => commandWords(command).some((word) => word.includes(current)));
  if (at === undefined || path === '~' || isBelow(path, root) || uses) return [];
  return [
    hint('layout', place(at, 'value'), {
      message: `the service neither works in ${current} nor names it`,
      why: 'it does not run the code that this playbook deploys, so neither a deploy nor a rollback changes what runs',
      fix: `set WorkingDirectory=${current}`,
    }),
  ];
}

/** env-file: the `.env` that a deploy writes is the one that the unit should read. */
function envFile({ service, all }: LintedService, { layout: { root, current }, envKeys, place }: Subject) {
  if (envKeys.length === 0) return [];
  const ours = [`${root}/.env`, `${current}/.env`];
  const others = service.environmentFiles.filter(({ path, optional }) => !optional && !ours.includes(path));
  return others
    .filter(({ path }) => /(^|\/)\.env$/.test(path) || isBelow(path, root))
    .map(({ path }) =>
      warning(
        'env-file',
        place(
          all('EnvironmentFile').find(({ value }) => value.includes(path)) ?? { file: service.name, line: 0 },
          'value',
        ),
        {
          message: `EnvironmentFile=${path} is not the .env of the app`,
          why: `the deploy writes ${root}/.env; when the other file is missing, the start fails with Result=resources`,
          fix: `write EnvironmentFile=${root}/.env, or -${path} where it may be absent`,
        },
      ),
    );
}
