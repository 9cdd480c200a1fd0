import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');
const files = [
  '.gitlab-ci.yml',
  ...(readdirSync(join(root, '.github'), { recursive: true }) as string[])
    .filter((file) => file.endsWith('.yml'))
    .map((file) => `.github/${file}`),
];
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** All commands of a file, wherever they stand in it. */
function commands(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(commands);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'run' && typeof inner === 'string') return [inner];
    if (key === 'script') return [inner].flat() as string[];
    return commands(inner);
  });
}

function linted(script: string): string {
  const { stdout } = spawnSync('shellcheck', ['--shell=bash', '--exclude=SC2148', '-'], {
    input: script,
    encoding: 'utf8',
  });
  return stdout;
}

describe.each(files)('%s', (file) => {
  const read = parse(readFileSync(join(root, file), 'utf8'));
  const all = commands(read);

  it('has commands that a shell reads as they are meant, without what others may write in them', () => {
    expect(all.length).toBeGreaterThan(0);
    for (const script of all) {
      expect(linted(script)).toBe('');
      expect(script).not.toContain('${{');
    }
    expect(linted('rm $unquoted')).toContain('SC2086');
  });

  it('names scripts that there are', () => {
    for (const [, script = ''] of all.join('\n').matchAll(/npm run (?:-s )?([\w:-]+)/g))
      expect(scripts).toHaveProperty([script]);
    for (const [, path = ''] of all.join('\n').matchAll(/\b(\.ci\/\w+|scripts\/[\w.-]+)/g))
      expect(existsSync(join(root, path)), path).toBe(true);
  });
});

it('nothing may write to the repository but the release, and its version is checked before it is published', () => {
  const workflow = (name: string) => parse(readFileSync(join(root, `.github/workflows/${name}.yml`), 'utf8'));
  expect(workflow('ci').permissions).toEqual({ contents: 'read' });
  expect(workflow('release').permissions).toEqual({ contents: 'read' });
  expect(workflow('release').jobs.release.permissions).toEqual({ contents: 'write', 'id-token': 'write' });
  expect(scripts.prepublishOnly).toBe('node scripts/release.mjs check');
});

it('the script of the action is clean', () => {
  expect(linted(readFileSync(join(root, '.github/actions/deploy/deploy.sh'), 'utf8'))).toBe('');
});
