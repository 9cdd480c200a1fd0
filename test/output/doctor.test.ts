import { expect, it } from 'vitest';
import type { Finding } from '../../src/model/finding.ts';
import { generationId } from '../../src/model/ids.ts';
import type { HostOutcome } from '../../src/model/outcome.ts';
import { jsonLines } from '../json-lines.ts';
import { Script } from './events.ts';
import { play } from './run.ts';

const rank = { rank: 1, evidence: [], fix: null } as const;
const DISK: Finding = { ...rank, kind: 'machine', of: 'disk', level: 'critical', detail: '/ 98 % in use, 1 GiB free' };
const PORT: Finding = {
  ...{ ...rank, kind: 'service', level: 'critical', unit: 'jarvis.service', symptom: 'restarting', restarts: 41 },
  account: 'jarvis',
  cause: { why: 'port', port: 8000, by: 'nginx (pid 77, nginx.service, www-data) listens on 0.0.0.0:8000' },
  evidence: ['OSError: [Errno 98] Address already in use'],
};
const SETTINGS: Finding = {
  ...{ ...rank, kind: 'file', level: 'warn', path: '/opt/jarvis/.env', settings: true, wrong: 'rights' },
  ...{ is: { mode: '644', owner: 'root:root' }, want: { mode: '600', owner: 'jarvis:jarvis' } },
  fix: { do: 'file', path: '/opt/jarvis/.env' },
};
const RSYNC: Finding = { ...rank, kind: 'no-rsync', level: 'note' };

const report = (findings: readonly Finding[], fixed: readonly Finding[] = []): HostOutcome => ({
  end: 'reported',
  report: {
    ...{ kind: 'doctor' as const, generation: generationId(3), findings },
    fixed: fixed.flatMap(({ fix }, i) => (fix === null ? [] : [{ fix, why: i === 0 ? null : 'no' }])),
  },
});

const script = () =>
  new Script()
    .add('web-1', { type: 'phase', phase: 'connect' })
    .add('web-1', { type: 'finding', finding: DISK })
    .end('web-1', report([DISK, PORT, SETTINGS, RSYNC]), 90)
    .end('web-1', report([DISK]), 91, 'other')
    .add('web-2', { type: 'fixed', fixed: { fix: { do: 'file', path: '/opt/jarvis/.env' }, why: null } })
    .end('web-2', report([], [SETTINGS]), 92);

const ROWS = { reads: true, hosts: ['web-1', 'web-2'].map((host) => ({ host, app: 'jarvis' })) };

it('what doctor found is told the cause first, with evidence and cure, and of a machine once', async () => {
  const { stdout } = await play(script(), 'doctor', 1, ROWS);
  await expect(stdout).toMatchFileSnapshot('golden/doctor.plain.txt');
});

it('in JSON each finding has its record, and its words', async () => {
  const { stdout } = await play(script(), 'doctor', 1, { ...ROWS, mode: 'json' });
  const lines = jsonLines(stdout);
  const [told] = lines.filter(({ type }) => type === 'finding');
  expect(told.finding).toMatchObject({ kind: 'machine', of: 'disk', what: expect.stringContaining('98 %') });
  expect(lines.find(({ type }) => type === 'fixed')).toMatchObject({ fixed: { fix: { do: 'file' }, why: null } });
  const [first] = lines.at(-1).hosts;
  expect(first.report.findings[1]).toMatchObject({
    ...{ kind: 'service', cause: { why: 'port', port: 8000 }, level: 'critical' },
    what: expect.stringContaining('starts again and again (41 restarts): port 8000 is in use: nginx'),
    evidence: ['OSError: [Errno 98] Address already in use'],
    cure: [expect.stringContaining('Stop whoever listens there')],
  });
});

it('no word of a host is obeyed', async () => {
  const bad = 'x\x1b[2J\nweb-2: nothing is wrong';
  const evil: readonly Finding[] = [
    { ...PORT, unit: bad, evidence: [bad], cause: { why: 'port', port: 1, by: bad } },
    { ...SETTINGS, path: bad, is: { mode: bad, owner: bad }, fix: { do: 'file', path: bad } },
    { ...DISK, detail: bad },
  ];
  const { stdout, stderr } = await play(new Script().end('web-1', report(evil, evil), 1), 'doctor', 1, ROWS);
  expect(stdout + stderr).not.toContain('\x1b');
  expect(stdout).toContain('\\x1b[2J');
  expect(stdout).not.toMatch(/^web-2: nothing/m);
});
