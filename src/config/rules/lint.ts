import { type Declared, EMPTY_DECLARED } from '../../model/declared.ts';
import type { Layout } from '../../model/layout.ts';
import type { HostTarget } from '../../model/target.ts';
import type { BoundTask } from '../../model/task.ts';
import { betweenApps } from '../../unit/lint/between-apps.ts';
import type { Finding } from '../../unit/lint/finding.ts';
import { lint } from '../../unit/lint/lint.ts';
import { type Diagnostic, diagnostic, type Position } from '../diagnostics/diagnostic.ts';
import { didYouMean, nearest } from '../diagnostics/nearest.ts';

/** Findings by what they do: stop everything, be said on every run, be said by `fleet check`. */
export type Linted = {
  readonly errors: readonly Diagnostic[];
  readonly warnings: readonly string[];
  readonly hints: readonly string[];
};

/** Lines that may hold a secret are not shown. */
const PRIVATE = /^\s*(Environment|Exec\w+|SetCredential\w*|StandardInput\w+)\s*=/;

/** Checks an app's units, drop-ins and logrotate files against each other and against what its tasks say. */
export function lintTasks(declared: Declared, layout: Layout, playbook: string, uploadUser: string | null): Linted {
  return sorted(lint(declared, layout, uploadUser), declared, playbook);
}

/** Checks the apps of one host against each other. */
export function lintHost(targets: readonly HostTarget[]): Linted {
  const apps = targets.map(({ app, layout, tasks }) => ({ app, layout, declared: declaredBy(tasks) }));
  return sorted(
    betweenApps(apps),
    {
      ...EMPTY_DECLARED,
      units: apps.flatMap(({ declared }) => declared.units),
      logrotate: apps.flatMap(({ declared }) => declared.logrotate),
    },
    '',
  );
}

/** All that an app's tasks say. */
export function declaredBy(tasks: readonly BoundTask[]): Declared {
  return tasks.reduce<Declared>(
    (all, { declares = {} }) => ({
      units: [...all.units, ...(declares.units ?? [])],
      enable: [...all.enable, ...(declares.enable ?? [])],
      logrotate: [...all.logrotate, ...(declares.logrotate ?? [])],
      folders: [...all.folders, ...(declares.folders ?? [])],
      envKeys: [...all.envKeys, ...(declares.envKeys ?? [])],
      commands: [...all.commands, ...(declares.commands ?? [])],
    }),
    EMPTY_DECLARED,
  );
}

function sorted(findings: readonly Finding[], { units, logrotate }: Declared, playbook: string): Linted {
  const texts = new Map([...units, ...logrotate].map(({ file, text }) => [file, text.split(/\r\n?|\n/)]));
  const named = findings.map((finding) => (finding.file === '' ? { ...finding, file: playbook } : finding));
  const of = (level: Finding['level']) => named.filter((finding) => finding.level === level);
  return {
    errors: of('error').map((finding) => {
      const { why, fix } = finding;
      return diagnostic(
        position(finding, texts),
        `${finding.message} [${finding.rule}]`,
        `${why}\n${near(finding) ?? fix}`,
      );
    }),
    warnings: of('warning').map(sentence),
    hints: of('hint').map(sentence),
  };
}

function position({ file, line, column }: Finding, texts: ReadonlyMap<string, readonly string[]>): Position {
  const text = texts.get(file)?.[line - 1];
  if (text === undefined || PRIVATE.test(text)) return { file, line, column, excerpt: null };
  return { file, line, column, excerpt: { text, length: Math.max(1, text.trimEnd().length - column + 1) } };
}

const near = ({ unknown }: Finding) =>
  unknown === undefined ? null : didYouMean(nearest(unknown.word, unknown.known));

function sentence(finding: Finding): string {
  const { file, line, rule, message, why, fix } = finding;
  return `${file}${line === 0 ? '' : `:${line}`}: ${message} [${rule}]: ${why}; ${near(finding) ?? fix}`;
}
