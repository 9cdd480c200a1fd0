import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Run } from '../e2e/fleet.ts';
import { type Bench, end, openBench, STORY, until } from './bench.ts';

type Found = { readonly kind: string; readonly level: string; readonly what: string };
type Report = { readonly findings: readonly Found[]; readonly fixed: readonly { readonly why: string | null }[] };

const reportOf = (run: Run) => (end(run) as unknown as { readonly report: Report }).report;
/** How full this machine is, how it is clocked and what it lacks is not this test's. */
const own = ({ findings }: Report) =>
  findings.filter(({ kind }) => !['machine', 'no-rsync', 'slow-commands'].includes(kind));
const doctor = async (bench: Bench<'it'>, ...words: readonly string[]) =>
  own(reportOf(await bench.fleet('doctor', 'it', ...words)));
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

it('finds what is wrong on a host, and puts right what is safe only after a yes', STORY, async () => {
  await using bench = await openBench('it');
  const { it: host } = bench.hosts;
  expect(await doctor(bench)).toMatchObject([{ kind: 'not-deployed', level: 'critical' }]);
  // Nothing of it stays on a host that was only looked at.
  expect(existsSync(host.root)).toBe(false);
  expect(end(await bench.fleet('deploy', '--all'))).toMatchObject({ code: 0, outcome: 'deployed' });
  expect(await doctor(bench)).toEqual([]);

  const [settings, data] = [`${host.root}/.env`, `${host.root}/data`];
  chmodSync(settings, 0o644);
  rmSync(data, { recursive: true });
  const run = await bench.fleet('doctor', 'it');
  expect(end(run).code).toBe(1);
  expect(own(reportOf(run))).toMatchObject([
    { kind: 'file', settings: true, wrong: 'rights', fix: { do: 'file', path: settings } },
    { kind: 'folder', path: data, wrong: 'absent', fix: { do: 'folder' } },
  ]);
  const told = run.events.flatMap(({ type, finding }) => (type === 'finding' ? [finding as Found] : []));
  expect(told).toEqual(reportOf(run).findings);

  const refused = await bench.human('doctor', 'it', '--fix');
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toMatch(/this would be put right:\napp on it:\n.*\.env.*\n.*data.*\nnot confirmed/);
  expect([modeOf(settings), existsSync(data)]).toEqual(['644', false]);

  const done = await bench.fleet('doctor', 'it', '--fix', '--yes');
  expect(end(done).code).toBe(0);
  expect(reportOf(done).fixed.map(({ why }) => why)).toEqual([null, null]);
  expect(own(reportOf(done))).toEqual([]);
  expect([modeOf(settings), modeOf(data)]).toEqual(['600', '750']);
  // Nothing is left to do, so nobody is asked.
  expect((await bench.human('doctor', 'it', '--fix')).code).toBe(0);
});

it('names why a service is down, whom a change has left, and touches nothing then', STORY, async () => {
  await using bench = await openBench('it');
  const { it: host } = bench.hosts;
  await bench.fleet('deploy', '--all');
  writeFileSync(`${host.root}/data/refuse`, '');
  const child = Number(/MainPID=(\d+)/.exec(host.read('.fleet/run/app.service/status') ?? '')?.[1]);
  process.kill(child, 'SIGKILL');
  await until(async () =>
    expect((await doctor(bench))[0]).toMatchObject({
      ...{ kind: 'service', unit: 'app.service', level: 'critical', cause: { why: 'ended', status: 4 } },
      evidence: expect.arrayContaining(['refused']),
    }),
  );
  rmSync(`${host.root}/data/refuse`);

  const journal = `${host.root}/.fleet/state`;
  const was = readFileSync(journal, 'utf8');
  writeFileSync(journal, was.replace(/^phase .*$/m, 'phase ACTIVATING').replace(/^runner .*$/m, 'runner 1'));
  chmodSync(`${host.root}/.env`, 0o644);
  const left = await bench.fleet('doctor', 'it', '--fix', '--yes');
  expect(own(reportOf(left)).map(({ kind }) => kind)).toContain('transaction');
  expect(reportOf(left).fixed).toEqual([]);
  expect(modeOf(`${host.root}/.env`)).toBe('644');
  writeFileSync(journal, was);

  await host.line.close();
  expect(end(await bench.fleet('doctor', 'it'))).toMatchObject({ code: 3, failure: { kind: 'unreachable' } });
});
