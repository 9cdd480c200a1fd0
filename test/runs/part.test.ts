import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Run } from '../e2e/fleet.ts';
import { type Bench, end, openBench, STORY, TASKS } from './bench.ts';

const planOf = (run: Run) =>
  run.events.find(({ type }) => type === 'planned')?.plan as { changes: unknown } | undefined;

/** It tells which token it was started with; one that begins with "broken" is no token. */
const SERVE = `v=$(cat VERSION)
case $TOKEN in broken*) echo "the shop does not take $TOKEN" >&2; exit 3 ;; esac
echo "$TOKEN" >>"$1/data/tokens"
echo "$v $$" >"$1/data/serving"
exec sleep 600
`;

/** All files of a record, by their names; the host's own notes about a release are left out. */
function recordOf(bench: Bench<'it'>, generation: number): ReadonlyMap<string, string> {
  const folder = join(bench.hosts.it.root, '.fleet/generations', String(generation));
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(folder, name)).isFile() && !['seal', 'verdict'].includes(name));
  return new Map(files.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

function differing(bench: Bench<'it'>, one: number, other: number): readonly string[] {
  const [was, is] = [recordOf(bench, one), recordOf(bench, other)];
  return [...new Set([...was.keys(), ...is.keys()])].filter((name) => was.get(name) !== is.get(name)).sort();
}

const inode = (bench: Bench<'it'>, generation: number) =>
  statSync(join(bench.hosts.it.root, 'releases', String(generation), 'VERSION')).ino;

it(
  'a secret is rotated alone: code that has changed, or is not there any more, stays as it is on the host',
  STORY,
  async () => {
    await using bench = await openBench('it');
    const { it: host } = bench.hosts;
    bench.write('app/serve.sh', SERVE);
    const build = { run: { command: ['sh', '-c', 'date +%s%N >BUILT'] } };
    const tasks = [...TASKS, build];
    bench.playbook({ tasks });
    expect((await bench.fleet('deploy', '--all')).code).toBe(0);
    const before = host.read('.env');

    bench.remove('app');
    bench.playbook({
      tasks: [...tasks, { files: [{ content: 'new\n', to: '{{ root }}/new' }] }],
      health: [{ tcp: 1 }],
    });
    bench.write('secrets/app.env', 'TOKEN=another-canary\n');
    const full = await bench.human('plan', '--all');
    expect(full.stderr).toContain('app');
    expect(full.code).toBe(2);
    const plan = await bench.fleet('plan', '--only', 'env', '--all', '--exit-code');
    expect({ code: plan.code, ...planOf(plan) }).toMatchObject({
      ...{ code: 5, to: 'advance', base: 1, changes: [{ sign: '~', text: '.env' }] },
      units: [{ unit: 'app.service', do: 'restart' }],
    });
    expect(host.read('current/BUILT')).not.toBeNull();

    const rotated = await bench.fleet('deploy', '--only', 'env', '--all');
    expect(end(rotated)).toMatchObject({ code: 0, outcome: 'deployed', generation: 2 });
    expect(await host.standing()).toEqual(['releases/2', 'one', 'IDLE']);
    expect(host.read('.env')).toContain('another-canary');
    expect(host.read('data/tokens')).toBe('canary-token\nanother-canary\n');
    expect(host.read('releases/2/BUILT')).toBe(host.read('releases/1/BUILT'));
    expect(inode(bench, 2)).toBe(inode(bench, 1));
    expect(differing(bench, 1, 2)).toEqual(['env', 'manifest', 'parts']);
    expect((await bench.human('history', '--all')).stdout).toMatch(/ env .*1.*2/);
    expect(rotated.stdout + rotated.stderr + plan.stdout).not.toContain('another-canary');

    const again = await bench.fleet('deploy', '--only', 'env', '--all');
    expect(end(again)).toMatchObject({ code: 0, outcome: 'unchanged', generation: 2 });
    // The whole project as it was, with the new secret: that is what is live.
    bench.write('app/serve.sh', SERVE);
    bench.write('app/VERSION', 'one\n');
    bench.playbook({ tasks });
    expect(end(await bench.fleet('deploy', '--all'))).toMatchObject({ code: 0, outcome: 'unchanged', generation: 2 });

    expect((await bench.fleet('rollback', '--all')).code).toBe(0);
    expect(await host.standing()).toEqual(['releases/1', 'one', 'IDLE']);
    expect(host.read('.env')).toBe(before);
  },
);

it('a secret that the app cannot live with goes back; only what is live can have one part changed', STORY, async () => {
  await using bench = await openBench('it');
  const { it: host } = bench.hosts;
  const refused = async () => {
    const run = await bench.fleet('deploy', '--only', 'env', '--all');
    return { code: run.code, kind: end(run).failure?.kind, message: end(run).failure?.message };
  };
  expect(await refused()).toMatchObject({ code: 3, kind: 'not-apart', message: expect.stringContaining('nothing is') });
  bench.write('app/serve.sh', SERVE);
  const { 1: env, ...others } = TASKS;
  bench.playbook({ tasks: Object.values(others) });
  bench.write(
    'units/app.service',
    readFileSync(join(bench.folder, 'units/app.service'), 'utf8')
      .replace('=/', '=-/')
      .replace('EnvironmentFile={{', 'EnvironmentFile=-{{'),
  );
  expect((await bench.fleet('deploy', '--all')).code).toBe(0);
  expect(await refused()).toMatchObject({ code: 3, message: expect.stringContaining('no env task') });
  bench.playbook();
  expect(await refused()).toMatchObject({ code: 3, message: expect.stringContaining('generation 1 has no .env yet') });
  expect(env).toHaveProperty('env');
  expect((await bench.fleet('deploy', '--all')).code).toBe(0);
  expect(await host.standing()).toEqual(['releases/2', 'one', 'IDLE']);
  const before = host.read('.env');

  bench.write('secrets/app.env', 'TOKEN=broken-canary\n');
  const broken = await bench.fleet('deploy', '--only', 'env', '--all');
  expect(end(broken)).toMatchObject({ code: 1, outcome: 'reverted', generation: 2, failure: { kind: 'not-settled' } });
  expect(JSON.stringify(end(broken).failure)).toContain('the shop does not take');
  expect(broken.stdout + broken.stderr).not.toContain('broken-canary');
  expect(await host.standing()).toEqual(['releases/2', 'one', 'IDLE']);
  expect(host.read('.env')).toBe(before);
});
