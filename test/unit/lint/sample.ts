import { readFileSync } from 'node:fs';
import { type Declared, EMPTY_DECLARED } from '../../../src/model/declared.ts';
import type { Layout } from '../../../src/model/layout.ts';
import type { Finding } from '../../../src/unit/lint/finding.ts';
import { lint } from '../../../src/unit/lint/lint.ts';

export const layoutAt = (root: string, user: string | null = 'app', data: readonly string[] = []): Layout => ({
  root,
  current: `${root}/current`,
  app: 'app',
  user,
  data,
});

const LAYOUT = layoutAt('/opt/app', 'app', ['data']);

/** Unit files by their path below the unit directory, as a project has them in `units/`. */
export const units = (files: Readonly<Record<string, string>>): Declared['units'] =>
  Object.entries(files).map(([path, text]) => ({ file: `units/${path}`, path, text }));

/** What the linter says of unit files and whatever else is declared. */
export const linted = (
  files: Readonly<Record<string, string>>,
  more: Partial<Declared> = {},
  layout = LAYOUT,
): readonly Finding[] => lint({ ...EMPTY_DECLARED, units: units(files), ...more }, layout);

/** A service that nothing is wrong with but what is added to its [Service] and [Unit]. */
export const service = (lines = '', unit = '') =>
  `[Unit]\n${unit}\n[Service]\nUser=app\nWorkingDirectory=/opt/app/current\nExecStart=/usr/bin/python3 main.py\n${lines}\n`;

/** `LEVEL RULE file:line:column message`, one line for each finding. */
export const shown = (findings: readonly Finding[]): readonly string[] =>
  findings.map(
    ({ level, rule, file, line, column, message }) => `${level} ${rule} ${file}:${line}:${column} ${message}`,
  );

/** A file of the seeds' authors, word for word. */
export const seed = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');
export const seedUnit = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
