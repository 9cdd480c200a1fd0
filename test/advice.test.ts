import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { CliContext } from '../src/cli/context.ts';
import { program } from '../src/cli/program.ts';

const PROJECT = resolve(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(PROJECT, path), 'utf8');

const filesIn = (folder: string, ending: RegExp) =>
  (readdirSync(join(PROJECT, folder), { recursive: true }) as string[])
    .filter((name) => ending.test(name))
    .map((name) => `${folder}/${name}`);

const fleet = program({ stdout: {}, stderr: {} } as unknown as CliContext, () => {});

/** A command of ours that a text tells somebody to type: what stands behind `fleet`. */
type Advice = { readonly file: string; readonly words: string };

/** In quotes or backticks, as sentences name commands; and at the beginning of a line of a block, as pages show them. */
const QUOTED = /[`'"]fleet ((?:-[\w-]+ \S+ )*[a-z][a-z-]*(?: [^`'"\n]*)?)\\?[`'"]/g;
const IN_A_BLOCK = /^(?:\$ )?fleet ((?:-[\w-]+ \S+ )*[a-z][a-z-]*(?: .*)?)$/gm;
/** Without either: with a flag or an argument behind it, where a text says what to type, and at the end of one. Anything else is prose. */
const PLAIN: readonly RegExp[] = [
  /(?<![`'"/\w.-])fleet ([a-z][a-z-]*(?: [a-z][a-z-]*)? (?:--?[a-z]|[A-Z]{2})[^`'"\\\n]*)/g,
  /(?:\bnext: |\| |\$\(|\b\d\. )fleet ([a-z][^`'"\\\n)$]*)/g,
  /: fleet ([a-z][a-z-]*)[`'"]/g,
];
/** By the function that aims a command at hosts and an app. */
const AIMED = /\bcommand\(\s*['"`]([a-z][^'"`$]*)['"`]/g;

const advice = (file: string, text: string, patterns: readonly RegExp[]): readonly Advice[] =>
  patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => ({ file, words: (match[1] ?? '').replaceAll('\\', '') })),
  );

/** The name of a schema is none of a command. */
const withoutTitles = (text: string) => text.replaceAll(/\btitle"?: ['"].*['"]/g, '');

/** Prose for whoever reads the code. */
const withoutComments = (text: string) => text.replaceAll(/^\s*(?:\/\/|\/?\*|#).*$/gm, '');

const blocksOf = (page: string) => [...page.matchAll(/^```\w*\n(.*?)^```/gms)].map(([, block]) => block).join('\n');

const CODE = [
  ...filesIn('src', /\.(ts|sh|yaml|service)$/),
  ...filesIn('schemas', /\.json$/),
  ...filesIn('scripts', /\.mjs$/),
].flatMap((file) => [
  ...advice(file, withoutTitles(read(file)), [QUOTED, AIMED]),
  ...advice(file, withoutComments(withoutTitles(read(file))), PLAIN),
]);

/** What people were shown, every way to fail among it. */
const SHOWN = filesIn('test/output/golden', /\.txt$/).flatMap((file) => advice(file, read(file), [QUOTED, ...PLAIN]));

const PAGES = ['README.md', 'CHANGELOG.md', 'SECURITY.md', ...filesIn('docs', /\.md$/)].flatMap((file) => [
  // What is announced for later says so, there or in the line beside.
  ...advice(file, read(file).replaceAll(/(?:.+\n)?.*\bnext milestone\b.*(?:\n.+)?/g, ''), [QUOTED]),
  ...advice(file, blocksOf(read(file)), [IN_A_BLOCK]),
]);

/** What is wrong with a command line, or null: a command that there is not, or a flag that it does not take. */
function wrong(words: string): string | null {
  // What is behind a pipe, a comment, another command or `--` is not ours.
  const [line = ''] = words.split(/ [|>#;&]| -- /);
  const all = line.trim().split(/\s+/);
  const at = all.findIndex((word, i) => !word.startsWith('-') && !(all[i - 1] ?? '').startsWith('-'));
  const name = all[at];
  const command = fleet.commands.find((one) => one.name() === name);
  if (command === undefined) return `there is no fleet ${name}`;
  const flags = all.filter((word) => /^--?[a-zA-Z]/.test(word)).map((word) => word.replace(/[=,.;:)].*$/, ''));
  const unknown = flags.find((flag) => !takes(command, flag));
  return unknown === undefined ? null : `fleet ${name} takes no ${unknown}`;
}

const takes = (command: Command, flag: string) =>
  ['--help', '-h'].includes(flag) || command.options.some(({ short, long }) => short === flag || long === flag);

const misleading = (all: readonly Advice[]) =>
  all.flatMap(({ file, words }) => (wrong(words) === null ? [] : [`${file}: ${wrong(words)} (${words})`]));

describe('whoever follows advice finds the command', () => {
  it('in all that the program says', () => {
    expect(CODE.length).toBeGreaterThan(60);
    // The places that issue advice, each of which must have been looked into.
    for (const folder of ['output/messages', 'output/tables', 'checks', 'config', 'cli'])
      expect(CODE.filter(({ file }) => file.startsWith(`src/${folder}/`)).length, folder).toBeGreaterThan(0);
    expect(misleading(CODE)).toEqual([]);
  });

  it('in all that it was seen to say', () => {
    expect(new Set(SHOWN.map(({ file }) => file)).size).toBeGreaterThan(4);
    expect(misleading(SHOWN)).toEqual([]);
  });

  it('in all pages', () => {
    expect(new Set(PAGES.map(({ file }) => dirname(file))).size).toBeGreaterThan(2);
    expect(PAGES.length).toBeGreaterThan(80);
    expect(misleading(PAGES)).toEqual([]);
  });

  it('and one that is not there would be noticed, wherever it stands', () => {
    const found = (text: string, ...patterns: readonly RegExp[]) =>
      advice('x', text, patterns.length === 0 ? [QUOTED, AIMED] : patterns).map(({ words }) => wrong(words));
    expect(found("'the next deploy or `fleet begin` lifts the limit'")).toEqual(['there is no fleet begin']);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source
    expect(found("`\\`${command('begin', place)}\\``")).toEqual(['there is no fleet begin']);
    expect(found("command('status --everything', place)")).toEqual(['fleet status takes no --everything']);
    expect(found('`fleet -C ~/x begin --all`')).toEqual(['there is no fleet begin']);
    for (const text of ["'name it with -C, or make one: fleet begin'", '`next: fleet begin\\n`', '"1. fleet begin"'])
      expect(found(text, ...PLAIN)).toEqual(['there is no fleet begin']);
    expect(found("'pass show x | fleet env set KEY --twice'", ...PLAIN)).toContain('fleet env takes no --twice');
    expect(found("'then fleet begin HOST'; 'see fleet status --everything'", ...PLAIN)).toEqual([
      'there is no fleet begin',
      'fleet status takes no --everything',
    ]);
    expect(found("'not used: fleet reaches every host', 'that fleet did not put there'", ...PLAIN)).toEqual([]);
    expect(found('fleet deploy --all --quickly  # soon', IN_A_BLOCK)).toEqual(['fleet deploy takes no --quickly']);
    expect(found('$ fleet begin', IN_A_BLOCK)).toEqual(['there is no fleet begin']);
    // The control of the control.
    expect(found("command('status --verify', place), `fleet deploy --group vps`, 'fleet -C ~/x status --all'")).toEqual(
      [null, null, null],
    );
  });
});
