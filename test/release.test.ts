import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

let folder = '';
const who = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@b' };
const bare = { PATH: process.env.PATH, HOME: '/nonexistent', ...who };

function run(command: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8', env: bare });
  return { status, out: `${stdout}${stderr}`.trim() };
}
const git = (...args: readonly string[]) => run('git', ...args);
const release = (...args: readonly string[]) => run(process.execPath, 'scripts/release.mjs', ...args);
const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
const read = (file: string) => readFileSync(join(folder, file), 'utf8');

const CI = 'docs/guides/ci.md';
const CHANGES = '# Changes\n\n## Not released\n\n- Something new.\n\n## 1.2.3, 2026-01-02\n\n- Something old.\n';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-release-'));
  mkdirSync(join(folder, 'scripts'));
  cpSync(join(import.meta.dirname, '../scripts/release.mjs'), join(folder, 'scripts/release.mjs'));
  write('package.json', `${JSON.stringify({ name: 'it', version: '1.2.3', type: 'module' }, null, 2)}\n`);
  write('CHANGELOG.md', CHANGES);
  // As it is here: where it says nothing that a release knows of any more, this is red.
  mkdirSync(join(folder, 'docs/guides'), { recursive: true });
  cpSync(join(import.meta.dirname, '..', CI), join(folder, CI));
  write('.gitignore', 'dist/\n');
  git('init', '--quiet');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'one');
});
afterEach(() => rmSync(folder, { recursive: true }));

const build = () => {
  mkdirSync(join(folder, 'dist/bin'), { recursive: true });
  write('dist/bin/commit', git('rev-parse', 'HEAD').out);
};

it('makes a version of what is not released: section, number, commit and tag', () => {
  expect(release('1.3.0')).toMatchObject({ status: 0, out: expect.stringContaining('git push --follow-tags') });
  expect(JSON.parse(read('package.json')).version).toBe('1.3.0');
  expect(read('CHANGELOG.md')).toMatch(/^## Not released\n\n## 1\.3\.0, \d{4}-\d\d-\d\d\n\n- Something new\.$/m);
  expect(git('tag', '--points-at', 'HEAD').out).toBe('v1.3.0');
  expect(git('status', '--porcelain').out).toBe('');
  expect(release('notes').out).toBe('- Something new.');
  build();
  expect(release('check')).toEqual({ status: 0, out: '' });
});

it('the jobs that others copy name the version, and the one after it', () => {
  const versions = () =>
    [...read(CI).matchAll(/(?:actions\/deploy@v|@fleet-deploy\/fleet@)([\w.]+)/g)].map(([, version]) => version);
  expect(versions()).toHaveLength(3);
  for (const version of ['1.3.0', '1.4.0']) {
    write('CHANGELOG.md', read('CHANGELOG.md').replace(/## Not released\n\n(?=## )/, '## Not released\n\n- More.\n\n'));
    if (git('status', '--porcelain').out !== '') git('commit', '--quiet', '--all', '--message', 'more');
    expect(release(version).status).toBe(0);
    expect(new Set(versions())).toEqual(new Set([version]));
    expect(read(CI)).not.toContain('VERSION');
    expect(git('status', '--porcelain').out).toBe('');
  }
  write(CI, '# CI\n');
  write('CHANGELOG.md', CHANGES);
  git('commit', '--quiet', '--all', '--message', 'without');
  expect(release('1.5.0')).toMatchObject({ status: 1, out: expect.stringContaining(`${CI} names no version`) });
  expect(read('CHANGELOG.md')).toBe(CHANGES);
});

it('what is no such version is not published', () => {
  build();
  expect(release('check')).toMatchObject({ status: 1, out: expect.stringContaining('no tag v1.2.3') });
  git('tag', 'v1.2.3');
  expect(release('check').status).toBe(0);
  write('more.txt', '');
  expect(release('check').out).toContain('not committed');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'two');
  git('tag', '--force', 'v1.2.3');
  expect(release('check').out).toMatch(/dist was built from .*: npm run build/);
  build();
  expect(release('check').status).toBe(0);
});

it.each([
  ['1.2.3', 'not later'],
  ['1.1.9', 'not later'],
  ['next', 'no version'],
  ['', 'say a version'],
])('makes none of "%s"', (version, why) => {
  expect(release(version)).toMatchObject({ status: 1, out: expect.stringContaining(why) });
  expect(read('CHANGELOG.md')).toBe(CHANGES);
  expect(git('tag').out).toBe('');
});

it('makes none while something is not committed, nor of nothing', () => {
  write('more.txt', '');
  expect(release('1.3.0').out).toContain('not committed');
  rmSync(join(folder, 'more.txt'));
  write('CHANGELOG.md', CHANGES.replace('- Something new.\n\n', ''));
  git('commit', '--quiet', '--all', '--message', 'nothing new');
  expect(release('1.3.0').out).toContain('says nothing');
});
