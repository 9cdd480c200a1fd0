import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { parseFacts } from '../../src/host/facts.ts';
import { holderIn } from '../../src/host/holder.ts';
import { numberOf, parseRunnerLine, textOf, textsOf } from '../../src/host/reply.ts';
import { parsePart, partName } from '../../src/model/part.ts';
import { SHELLS } from '../runtime/shells.ts';
import { workshop } from './workshop.ts';

const SINCE = '2026-01-02T03:04:05Z';
const HOLD = { kind: 'hold', by: 'alice@laptop', since: SINCE, reason: 'disk swap: ask me,  first' };
/** What would begin a line, end one, split one or move a cursor. */
const HOSTILE = 'x\rheld hold 2020 nobody\tforged\x1b[2J\tdrift gone everything';
const TAMED = 'x?held hold 2020 nobody?forged?[2J?drift gone everything';

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('in %s', (_name, shell) => {
  /** A process that lives, is not this one's session, and has a lease. */
  const other = `printf '%s %s\\n' ${process.pid} "$(start_time ${process.pid})"`;
  const notOurs = 'session() { echo 1 1; }\n';
  const told = '{ held=$(hold_holder || lease_holder) && say "held $held"; }';

  it('a hold and a lease are told as records, whichever fleet has written them', async () => {
    using shop = workshop();
    const look = async () => parseFacts((await shop.run(shell, notOurs + told)).stdout).facts.held;
    expect(await look()).toBeNull();
    for (const [written, generation] of [
      ['5', 5],
      ['-', null],
    ] as const) {
      const lease = `{ ${other}; printf '%s\\n' ${SINCE} ${written} bob@desk; } >"$S/lease"`;
      await shop.run(shell, lease);
      expect(await look()).toEqual({ kind: 'run', by: 'bob@desk', since: SINCE, generation });
    }
    // A person's word counts for more than a run.
    writeFileSync(join(shop.state, 'hold'), `${SINCE}\n${HOLD.by}\n${HOLD.reason}\n`);
    expect(await look()).toEqual(HOLD);
  });

  it('who gives way to a hold says to whom, and so does who comes in between', async () => {
    using shop = workshop();
    await shop.run(shell, `verb_hold alice@laptop '${HOLD.reason}'`);
    for (const verb of ['verb_hold bob@desk other', 'verb_enter 0 bob@desk']) {
      const { code, stdout } = await shop.run(shell, verb);
      expect(code).toBe(75);
      expect(holderIn(stdout)).toEqual({ ...HOLD, since: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]+Z$/) });
    }
    await shop.run(shell, 'rm "$S/hold"');
    expect((await shop.run(shell, 'verb_enter 0 bob@desk')).code).toBe(0);
    writeFileSync(join(shop.state, 'state'), 'version 1\nphase SETTLING\ntxn 3-ab\nby bob@desk\n');
    expect(holderIn((await shop.run(shell, 'verb_enter 0 alice@laptop')).stdout)).toEqual({
      ...{ kind: 'transaction', txn: '3-ab', phase: 'SETTLING', running: false, by: 'bob@desk' },
    });
    const locked = 'lock() { return 1; }\nverb_enter 0 alice@laptop';
    expect(holderIn((await shop.run(shell, locked)).stdout)).toEqual({ kind: 'lock', at: 'claim' });
  });

  it('foreign words neither add, end nor split a line, and have an end', async () => {
    using shop = workshop();
    writeFileSync(join(shop.state, 'hold'), `${SINCE} and more\n${HOSTILE}\n${HOSTILE}${'y'.repeat(9000)}\n`);
    const { stdout } = await shop.run(shell, `${notOurs + told}\ntell_changed "$(sed -n 2p "$S/hold")"`);
    expect(stdout.split('\n')).toHaveLength(3);
    const { held, drift } = parseFacts(stdout).facts;
    const reason = `${TAMED}${'y'.repeat(9000)}`.slice(0, 2000);
    expect(held).toEqual({ kind: 'hold', by: TAMED, since: SINCE, reason });
    expect(drift).toEqual([{ kind: 'changed', path: TAMED }]);
    // The control: they would, as they are.
    const forged = `held hold ${SINCE} ${HOSTILE.replaceAll('\r', '\n')}\tdisk swap`;
    expect(parseFacts(forged).facts.held).not.toMatchObject({ reason: 'disk swap' });
  });

  it('supervisors that no record tells of are told by kind, whatever their units are called', async () => {
    using shop = workshop();
    const unit = "$(printf 'a.service\\033x')";
    const running = `supervisors() { say "11 1 3 stray.service"; say "12 1 2 a.service"; say "13 1 3 ${unit}"; }`;
    const body = `${running}\nrt=nohup started="a.service$NL${unit}"\nprobe_supervisors 3`;
    expect(parseFacts((await shop.run(shell, body)).stdout).facts.drift).toEqual([
      { kind: 'stray', unit: 'stray.service', pid: 11, generation: 3 },
      { kind: 'outdated', unit: 'a.service', pid: 12, generation: 2 },
      { kind: 'untold', unit: 'a.service?x', pid: 13, folder: `${shop.state}/run/a.service?x` },
    ]);
  });
});

test('every kind of drift is read, and an unknown one is told as it stands', () => {
  const lines = [
    'changed /etc/with blank/x',
    'gone releases/3',
    'disabled a.timer',
    'down a.service failed failed',
    'down a.service inactive -',
    'unrecorded 0 app /var/lib/fleet/app',
    'moon full',
    '',
  ];
  expect(parseFacts(lines.map((line) => `drift ${line}`).join('\n')).facts.drift).toEqual([
    { kind: 'changed', path: '/etc/with blank/x' },
    { kind: 'gone', path: 'releases/3' },
    { kind: 'disabled', unit: 'a.timer' },
    { kind: 'down', unit: 'a.service', active: 'failed', sub: 'failed' },
    { kind: 'down', unit: 'a.service', active: 'inactive', sub: '' },
    { kind: 'unrecorded', folder: '/var/lib/fleet/app', app: 'app', generation: 0 },
    { kind: 'told', text: 'moon full' },
    { kind: 'told', text: '' },
  ]);
});

test('a lock that nobody is named for is one all the same', () => {
  for (const said of ['', 'locked lock', 'locked moon full', 'error no such thing'])
    expect(holderIn(said)).toEqual({ kind: 'lock', at: 'claim' });
  for (const said of ['held transaction 3-ab SETTLING bob', 'held', 'held moon'])
    expect(parseFacts(said).facts.held).toBeNull();
});

test('a reply is read by the first word of its lines, and by nothing else in them', () => {
  const reply = 'note found 7 of them\nfound 3\nfound 4\nfoundling 5\ngeneration 6x\n';
  expect([textOf(reply, 'found'), textsOf(reply, 'found'), numberOf(reply, 'found')]).toEqual(['3', ['3', '4'], 3]);
  expect([numberOf(reply, 'generation'), textOf(reply, 'error'), textOf(reply, 'found 3')]).toEqual([
    ...[undefined, undefined, undefined],
  ]);
});

test('what a removal leaves is read from its lines', () => {
  expect(parseRunnerLine('spared data /srv/with blank\tother')).toEqual({
    ...{ say: 'spared', kind: 'data', name: '/srv/with blank', app: 'other' },
  });
  expect(parseRunnerLine('left other create the account app\t')).toEqual({
    ...{ say: 'left', left: { kind: 'other', name: 'create the account app', because: '' } },
  });
  expect(parseRunnerLine('spared moon x').say).toBe('other');
});

test('the names of parts are those that stand in the records of hosts, both ways', () => {
  const names = {
    ...{ runtime: 'runtime', layout: 'layout', '.env': 'env', 'enabled units': 'enabled', 'exposure gate': 'exposure' },
    ...{ 'code .': 'code', 'code web': 'code', 'file /etc/x y': 'file', 'unit a.service': 'unit' },
    ...{ 'run make all': 'run', 'before start ./migrate': 'before', 'moon full': 'other', '': 'other' },
  };
  for (const [name, kind] of Object.entries(names)) {
    expect(parsePart(name).kind).toBe(kind);
    expect(partName(parsePart(name))).toBe(name);
  }
});
