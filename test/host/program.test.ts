import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { PROGRAM, PROGRAM_NAME } from '../../src/host/program.ts';
import { SHELLS, syntax } from '../runtime/shells.ts';
import { PARTS, part } from './workshop.ts';

/** What shellcheck has to say about a POSIX sh text, warnings and worse. */
function lint(text: string): string {
  const { error, stdout } = spawnSync('shellcheck', ['-s', 'sh', '-S', 'warning', '-f', 'gcc', '-'], {
    input: text,
    encoding: 'utf8',
  });
  if (error !== undefined) throw new Error(`shellcheck cannot be run (install it): ${error.message}`);
  return stdout;
}

/** Names of functions that a text defines more than once: the shell takes the last and says nothing. */
function twice(text: string): readonly string[] {
  const names = [...text.matchAll(/^([a-z_]+)\(\)/gm)].map(([, name]) => name ?? '');
  return names.filter((name, i) => names.indexOf(name) !== i);
}

describe('the host program', () => {
  it('has no two functions of one name in its parts', () => {
    expect(twice(PROGRAM)).toEqual([]);
    expect(twice(`${PROGRAM}\nalive() { :; }\n`)).toEqual(['alive']);
  });

  it('is read by dash, bash in POSIX mode and busybox', () => {
    expect(SHELLS).toHaveLength(3);
    for (const shell of SHELLS) expect(syntax(shell, PROGRAM)).toBe('');
  });

  it('and a program that is not would be noticed', () => {
    for (const shell of SHELLS) expect(syntax(shell, `${PROGRAM}\nif true; then\n`)).not.toBe('');
  });

  it('is clean for shellcheck; each exception says which one it is', { timeout: 120_000 }, () => {
    expect(lint(PROGRAM)).toBe('');
    const exceptions = PROGRAM.match(/# shellcheck .*/g) ?? [];
    expect(exceptions.filter((line) => !/^# shellcheck disable=SC\d+(,SC\d+)*$/.test(line))).toEqual([]);
  });

  it('and a path that could become / in a command that removes would be noticed', () => {
    expect(lint(`${part('prelude')}\nrm -rf "$ROOT/$1"\nlocal x\n`)).toContain('warning');
  });

  it('is named by what it holds, so that a changed one is another file', () => {
    expect(PROGRAM_NAME).toMatch(/^host-[0-9a-f]{16}\.sh$/);
    // The end of the here-document that carries it to a host.
    expect(PROGRAM).not.toContain('END_OF_HOST_PROGRAM');
  });

  it('reads the clock only to write down when something happened, or to tell a check what time it is', () => {
    const all = PARTS.flatMap((name) =>
      part(name)
        .split('\n')
        .filter((line) => /(^|[^\w-])date [+-]/.test(line))
        .map((line) => `${name}: ${line.trim()}`),
    );
    // Ages of files are by the host's own clock, and so is how far its journal was read. Nothing of a switch is among them.
    const told = [
      ...['machine: say "clock $(date +%s) $NOW_EXACT"', 'reading: say "now $(date +%s)"'],
      ...['reading: say "now $(date +%s)"', 'reading: m_now=$(date +%s)'],
    ];
    expect(all.filter((use) => told.includes(use))).toEqual(told);
    const uses = all.filter((use) => !told.includes(use));
    expect(uses).toHaveLength(8);
    const stamp = '$(date -u +%Y-%m-%dT%H:%M:%SZ)';
    const known = (use: string) =>
      use.endsWith(`: ${stamp}`) ||
      // When a watch began, and when its host went back; since when heat is acted on, and what was done.
      /( P_AT=| A_SINCE=)$/.test(use.replace(stamp, '')) ||
      use.includes(`printf '%s %s %s %s\\t%s\\t%s\\n' "${stamp}"`) ||
      // Since when a service is stopped by hand.
      use === `by-hand: say "$2 $1 ${stamp} $h_by"` ||
      // The history's first column.
      use.includes(`printf '%s %s %s %s %s %s %s\\n' "${stamp}"`);
    expect(uses.filter((use) => !known(use))).toEqual([]);
  });
});
