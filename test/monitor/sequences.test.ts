import { describe, expect, it } from 'vitest';
import type { Reading } from '../../src/model/reading.ts';
import type { Window } from '../../src/model/window.ts';
import { acknowledge, endPause, pause } from '../../src/monitor/orders.ts';
import type { MonitorState } from '../../src/monitor/state.ts';
import { HOUR, MINUTE, NOON, type Script, shown, simulate, type World } from './simulate.ts';

/** What is told, by the number of the run. */
type Told = Readonly<Record<number, string | readonly string[]>>;
type Row = readonly [behaviour: string, script: Script, told: Told, world?: World];

const HTTP = 'web1/app/http';
const one = (letters: string): Script => ({ [HTTP]: letters });

const disk = (values: readonly number[], limits = { warn: 80, critical: 90 }): World => ({
  recoverAfter: 1,
  readings: {
    [HTTP]: (run): readonly Reading[] => [
      { name: 'disk /', value: values[run] ?? 0, unit: 'ratio', limit: null, ...limits },
    ],
  },
});
const good = (n: number) => one('o'.repeat(n));

const pausing =
  (host: string | null, app: string | null, minutes: number) =>
  (state: MonitorState, at: number): MonitorState =>
    pause(state, { host, app, since: at, until: at + minutes * MINUTE, by: 'alice', reason: 'disk swap' }).state;

const acking =
  (untilMinutes: number | null = null) =>
  (state: MonitorState, at: number): MonitorState => {
    const id = Object.values(state.subjects).find(({ problem }) => problem !== null)?.problem?.id ?? '';
    const until = untilMinutes === null ? null : at + untilMinutes * MINUTE;
    const done = acknowledge(state, id, { by: 'alice', at, until });
    if (done === null) throw new Error('there is nothing to acknowledge');
    return done.state;
  };

const night = (window: Partial<Window>): Window => ({
  ...{ hosts: [], apps: [], days: [], from: 0, to: 0, zone: 'UTC', ...window },
});
const noonTo = (minutes: number) => night({ from: 12 * 60, to: 12 * 60 + minutes });

const P = `problem critical ${HTTP}`;
const R = `recovered ok ${HTTP}`;
const M = `reminder critical ${HTTP}`;

/** A problem every hour, seen by runs that are so far apart. */
const hourly = { everyMs: HOUR };
const behind = (...hosts: readonly string[]) => ({
  jumps: Object.fromEntries(hosts.map((host) => [host, ['bastion']])),
});

const ROWS: readonly Row[] = [
  // Nothing to tell.
  ['what is well is not told', one('ooooo'), {}],
  ['a first run tells what is bad', one('c'), { 0: P }],
  [
    'a first run does not tell what is well',
    { ...one('o'), 'web1/app/tcp': 'c' },
    { 0: 'problem critical web1/app/tcp' },
  ],
  ['a warning is a problem too', one('ow'), { 1: `problem warning ${HTTP}` }],

  // Confirmed, told once, recovered.
  ['a problem is told once', one('occcccc'), { 1: P }],
  ['one good run is no recovery where two are wanted', one('occoc'), { 1: P }],
  ['two good runs are one', one('occoo'), { 1: P, 4: R }],
  ['and it is told once', one('occooooo'), { 1: P, 4: R }],
  ['a unit is well after one good run', one('occo'), { 1: P, 3: R }, { recoverAfter: 1 }],
  ['worse is told', one('wwc'), { 0: `problem warning ${HTTP}`, 2: `changed critical ${HTTP}` }],
  [
    'a warning that goes on after something critical is told after two runs',
    one('cww'),
    { 0: P, 2: `changed warning ${HTTP}` },
  ],
  ['between critical and warning it is not well', one('cwo'), { 0: P, 2: `changed warning ${HTTP}` }],
  ['well again from a warning', one('wwoo'), { 0: `problem warning ${HTTP}`, 3: R }],
  ['a new problem after a recovery is told', one('coocc'), { 0: P, 2: R, 3: P }],
  ['1-0-1-0 is one problem', one('ococ'), { 1: P }],
  ['three of five: two are not enough', one('ococ'), {}, { confirm: { runs: 3, of: 5 } }],
  ['three of five: the third within five counts', one('ocococ'), { 5: P }, { confirm: { runs: 3, of: 5 } }],
  ['three of five: three in seven do not', one('cooocooc'), {}, { confirm: { runs: 3, of: 5 } }],
  ['what was bad before a recovery counts no more', one('cccooc'), { 2: P, 4: R }, { confirm: { runs: 3, of: 5 } }],
  [
    'three of five: critical twice and a warning is a warning',
    one('wcc'),
    { 2: `problem warning ${HTTP}` },
    { confirm: { runs: 3, of: 5 } },
  ],

  // What has happened.
  [
    'what happens again while it is bad is told again',
    one('oeewwe'),
    { 1: `problem warning ${HTTP}`, 2: `changed warning ${HTTP}`, 5: `changed warning ${HTTP}` },
  ],
  ['also where it is critical', one('EE'), { 0: P, 1: `changed critical ${HTTP}` }],
  ['what is only still so is not', one('ewww'), { 0: `problem warning ${HTTP}` }],
  [
    'what happens under a pause is told behind it',
    one('eowewww'),
    { 0: `problem warning ${HTTP}`, 6: `changed warning ${HTTP}` },
    { before: { 1: pausing('web1', null, 25) } },
  ],
  [
    'who knows is told of what happens again, and reminded no sooner for it',
    one('ewewww'),
    { 0: `problem warning ${HTTP}`, 2: `changed warning ${HTTP}` },
    { ...hourly, before: { 1: acking() } },
  ],
  [
    'what happens while it comes and goes is told each time',
    one('ococococE'),
    { 1: P, 2: R, 3: P, 4: R, 5: P, 6: `flapping critical ${HTTP}`, 8: `changed critical ${HTTP}` },
    { recoverAfter: 1 },
  ],

  // Numbers.
  ['a number turns bad at its limit', good(2), { 1: `problem warning ${HTTP}` }, disk([79, 80])],
  ['and is well a tenth below', good(4), { 1: `problem warning ${HTTP}`, 3: R }, disk([79, 80, 73, 71])],
  ['between the two it goes on', good(5), { 1: `problem warning ${HTTP}` }, disk([79, 80, 75, 79, 73])],
  ['the same number is well where it was never bad', good(3), {}, disk([75, 79, 73])],
  [
    'critical goes on as critical until a tenth below',
    good(4),
    { 1: P, 3: `changed warning ${HTTP}` },
    disk([79, 91, 82, 80]),
  ],
  [
    'a number that falls',
    good(4),
    { 1: `problem warning ${HTTP}`, 3: R },
    disk([30, 20, 21, 23], { warn: 20, critical: 10 }),
  ],
  ['a number without a limit', good(2), {}, disk([1, 1000], { warn: null, critical: null } as never)],

  // Unseen.
  [
    'an unreachable host is one problem',
    { web1: '.n', ...one('oo'), 'web1/app/tcp': 'oo' },
    { 1: 'problem critical web1' },
  ],
  [
    'its checks recover from nothing',
    { web1: '.nn.', ...one('oooo') },
    { 1: 'problem critical web1', 3: 'recovered ok web1' },
  ],
  [
    'what was bad before stays bad, untold',
    { web1: '..n..', ...one('ccooo') },
    { 0: P, 2: 'problem critical web1', 3: 'recovered ok web1', 4: R },
  ],
  [
    'a good run does not count across hours unseen',
    { web1: '..nn.', ...one('coooo') },
    { 0: P, 2: 'problem critical web1', 4: ['recovered ok web1', R] },
  ],
  [
    'no reminder for what is not seen',
    { web1: '.nnn', ...one('cooo') },
    { 0: P, 1: 'problem critical web1', 2: 'reminder critical web1' },
    hourly,
  ],
  ['a refused login is the host', { web1: '.l', ...one('oo') }, { 1: 'problem critical web1' }],
  ['an app that cannot be looked at is the app', { web1: '.a', ...one('oo') }, { 1: 'problem critical web1/app' }],
  [
    'what a run does not come to is neither, and that there was no time is told once',
    { web1: '.rrr..', web2: '.rr...', ...one('oooooo') },
    { 1: 'problem warning */time', 4: 'recovered ok */time' },
  ],
  [
    'one app that gets through shows that the host is there',
    { 'web1/a': '.n', 'web1/b': '..', 'web1/a/x': 'oo', 'web1/b/x': 'oo' },
    {},
  ],

  // Root causes.
  ['all hosts at once: this machine', { web1: '.nn', web2: '.nn' }, { 1: 'problem critical *' }],
  ['all hosts at once: and back', { web1: '.n.', web2: '.n.' }, { 1: 'problem critical *', 2: 'recovered ok *' }],
  [
    'who is not back with the others is told then',
    { web1: '.nn', web2: '.n.' },
    { 1: 'problem critical *', 2: ['recovered ok *', 'problem critical web1'] },
  ],
  [
    'a refused login shows that the network works',
    { web1: '.n', web2: '.l' },
    { 1: ['problem critical web1', 'problem critical web2'] },
  ],
  ['one host of one is that host', { web1: '.n' }, { 1: 'problem critical web1' }],
  [
    'a jump host that is watched, with those behind it',
    { bastion: '.n', web1: '.n', web2: '.n', other: '..' },
    { 1: 'problem critical bastion' },
    behind('web1', 'web2'),
  ],
  [
    'a jump host that is passed through only',
    { web1: '.n', web2: '.n', other: '..' },
    { 1: 'problem critical bastion' },
    behind('web1', 'web2'),
  ],
  [
    'it is back when one behind it is',
    { web1: '.n.', web2: '.nn', other: '...' },
    { 1: 'problem critical bastion', 2: ['recovered ok bastion', 'problem critical web2'] },
    behind('web1', 'web2'),
  ],
  [
    'one of two behind a jump host is itself',
    { web1: '.n', web2: '..', other: '..' },
    { 1: 'problem critical web1' },
    behind('web1', 'web2'),
  ],
  [
    'a jump host that answers is not to blame',
    { bastion: '..', web1: '.n', web2: '.n' },
    { 1: ['problem critical web1', 'problem critical web2'] },
    behind('web1', 'web2'),
  ],
  [
    'all through one jump host: one line',
    { web1: '.n', web2: '.n' },
    { 1: 'problem critical *' },
    behind('web1', 'web2'),
  ],

  // Reminders and acknowledgement.
  ['reminders after one hour, four, and each day', one('c'.repeat(54)), { 0: P, 1: M, 4: M, 28: M, 52: M }, hourly],
  ['no reminder before its time', one('c'.repeat(12)), { 0: P }],
  ['one reminder for all that were missed', one('ccc'), { 0: P, 1: M, 2: M }, { everyMs: 20 * HOUR }],
  [
    'worse begins them anew',
    one('wcccc'),
    { 0: `problem warning ${HTTP}`, 1: `changed critical ${HTTP}`, 2: M },
    hourly,
  ],
  ['who knows is not reminded', one('cccccc'), { 0: P }, { ...hourly, before: { 1: acking() } }],
  ['until then', one('cccccc'), { 0: P, 4: M }, { ...hourly, before: { 1: acking(150) } }],
  ['who knows hears of the recovery', one('ccoo'), { 0: P, 3: R }, { ...hourly, before: { 1: acking() } }],
  [
    'and of what is worse, with its reminders',
    one('wwcc'),
    { 0: `problem warning ${HTTP}`, 2: `changed critical ${HTTP}`, 3: M },
    { ...hourly, before: { 1: acking() } },
  ],
  ['the next problem is not known', one('cooccc'), { 0: P, 2: R, 3: P, 4: M }, { ...hourly, before: { 1: acking() } }],

  // Flapping.
  [
    'what comes and goes is told once',
    one('ocococococ'),
    { 1: P, 2: R, 3: P, 4: R, 5: P, 6: `flapping critical ${HTTP}` },
    { recoverAfter: 1 },
  ],
  [
    'and once when it has settled well',
    one(`ocococo${'o'.repeat(20)}`),
    { 1: P, 2: R, 3: P, 4: R, 5: P, 6: `flapping critical ${HTTP}`, 23: `settled ok ${HTTP}` },
    { recoverAfter: 1 },
  ],
  [
    'or badly',
    one(`ococococ${'c'.repeat(20)}`),
    { 1: P, 2: R, 3: P, 4: R, 5: P, 6: `flapping critical ${HTTP}`, 24: `settled critical ${HTTP}` },
    { recoverAfter: 1 },
  ],
  [
    'no reminders between',
    one(`ocococc${'oc'.repeat(20)}`),
    { 1: P, 3: M, 6: M, 7: `flapping critical ${HTTP}` },
    hourly,
  ],

  // Kept quiet.
  ['what is paused is not told', one('occ'), {}, { before: { 0: pausing('web1', null, 60) } }],
  [
    'what is still bad at the end of a pause is told',
    one('occccc'),
    { 4: P },
    { before: { 0: pausing('web1', null, 20) } },
  ],
  ['what has come and gone in a pause is not', one('occooooo'), {}, { before: { 0: pausing('web1', null, 30) } }],
  [
    'a recovery in a pause is told at its end',
    one('ccoooooo'),
    { 0: P, 6: R },
    { before: { 1: pausing('web1', null, 25) } },
  ],
  [
    'bad, well and bad again in a pause is no news',
    one('ccoocccc'),
    { 0: P },
    { before: { 1: pausing('web1', null, 25) } },
  ],
  [
    'an app is paused on all hosts',
    { 'web1/app/x': 'oc', 'web2/app/x': 'oc', 'web2/other/x': 'oc' },
    { 1: 'problem critical web2/other/x' },
    { before: { 0: pausing(null, 'app', 60) } },
  ],
  [
    'one app on one host',
    { 'web1/app/x': 'oc', 'web2/app/x': 'oc' },
    { 1: 'problem critical web2/app/x' },
    { before: { 0: pausing('web1', 'app', 60) } },
  ],
  ['a paused host that is down', { web1: '.n.', web2: '...' }, {}, { before: { 0: pausing('web1', null, 60) } }],
  [
    'and what is behind it',
    { bastion: '.n', web1: '.n', other: '..' },
    {},
    { ...behind('web1'), before: { 0: pausing('bastion', null, 60) } },
  ],
  [
    'a paused host says nothing about this machine',
    { web1: '.n', web2: '.n' },
    { 1: 'problem critical web2' },
    { before: { 0: pausing('web1', null, 60) } },
  ],
  [
    'a pause that is ended early',
    one('occ'),
    { 2: P },
    {
      before: {
        0: pausing('web1', null, 60),
        2: (state) => endPause(state, state.pauses[0]?.id ?? '')?.state ?? state,
      },
    },
  ],
  [
    'no reminder in a pause, and one behind it',
    one('cccc'),
    { 0: P, 3: M },
    { ...hourly, before: { 1: pausing('web1', null, 90) } },
  ],
  ['a window of the inventory', one('occccc'), { 3: P }, { windows: [noonTo(15)] }],
  ['a window for another host', one('oc'), { 1: P }, { windows: [{ ...noonTo(15), hosts: ['web2'] }] }],
  [
    'a window for an app',
    { ...one('oc'), 'web1/other/x': 'oc' },
    { 1: P },
    { windows: [{ ...noonTo(15), apps: ['other'] }] },
  ],
  ['a window on another day', one('oc'), { 1: P }, { windows: [{ ...noonTo(15), days: [0] }] }],

  // Deploys.
  ['while an app is switched its checks are neither', { web1: '.tt..', ...one('occoo') }, {}],
  ['what is bad behind it is told', { web1: '.t.', ...one('occ') }, { 2: P }],
  ['what was bad before is well behind it', { web1: '.t..', ...one('ccoo') }, { 0: P, 3: R }],
  [
    'a transaction past its deadline is a problem',
    { web1: '.td', ...one('ooo') },
    { 2: 'problem critical web1/app/transaction' },
  ],
  [
    'and its end a recovery',
    { web1: '.d.', ...one('ooo') },
    { 1: 'problem critical web1/app/transaction', 2: 'recovered ok web1/app/transaction' },
  ],
  [
    'one that nobody is at work on is one at once',
    { web1: '.z', ...one('oo') },
    { 1: 'problem critical web1/app/transaction' },
  ],
  [
    'only its own app is kept quiet',
    { 'web1/app': '.t', 'web1/app/x': 'oc', 'web1/other': '..', 'web1/other/x': 'oc' },
    { 1: 'problem critical web1/other/x' },
  ],

  // What is looked at changes.
  [
    'a bad check that leaves the playbook is closed',
    { ...one('cc-'), 'web1/app/tcp': 'ooo' },
    { 0: P, 2: `unwatched info ${HTTP}` },
  ],
  ['a good one leaves without a word', { ...one('oo-'), 'web1/app/tcp': 'ooo' }, {}],
  [
    'a bad one of an app that leaves',
    { 'web1/app': '.-', ...one('co'), 'web1/other/x': 'oo' },
    { 0: P, 1: `unwatched info ${HTTP}` },
  ],
  [
    'a host that leaves while it is down',
    { web1: 'n-', web2: '..' },
    { 0: 'problem critical web1', 1: 'unwatched info web1' },
  ],
  ['a check that is not seen is still looked at', { web1: '.n', ...one('c-') }, { 0: P, 1: 'problem critical web1' }],
  ['services are not missed while the app is switched', { web1: '.t.', ...one('c-c') }, { 0: P }],

  // Time.
  ['nobody looked for long', one('oo'), { 1: 'gap warning *' }, { everyMs: 20 * MINUTE, announcedEveryMs: 5 * MINUTE }],
  ['a run that was missed is no gap', one('oo'), {}, { everyMs: 10 * MINUTE, announcedEveryMs: 5 * MINUTE }],
  ['a first run is no gap', one('o'), {}, { announcedEveryMs: 5 * MINUTE }],
  [
    'a clock that is put forward is no gap',
    one('oo'),
    {},
    { announcedEveryMs: 5 * MINUTE, clockOff: (run) => run * HOUR },
  ],
  ['and no reason for a reminder', one('ccc'), { 0: P }, { clockOff: (run) => (run > 0 ? 5 * HOUR : 0) }],
  [
    'a clock that is put back delays no reminder',
    one('c'.repeat(15)),
    { 0: P, 12: M },
    { clockOff: (run) => (run > 2 ? -24 * HOUR : 0) },
  ],
  [
    'also across a start of the machine',
    one('c'.repeat(16)),
    { 0: P, 13: M },
    { clockOff: (run) => (run > 2 ? -24 * HOUR : 0), boot: (run) => (run > 2 ? 'two' : 'one') },
  ],
  [
    'a pause ends though the clock is put back',
    one('occcccc'),
    { 4: P },
    { before: { 0: pausing('web1', null, 20) }, clockOff: (run) => (run > 2 ? -24 * HOUR : 0) },
  ],
];

describe('what a monitor tells', () => {
  it.each(ROWS.map(([name, ...row]) => ({ name, row })))('$name', ({ row: [script, told, world] }) => {
    const found = simulate(script, world).told.map((alerts) => alerts.map(shown));
    expect(found).toEqual(found.map((_, run) => [told[run] ?? []].flat()));
  });

  it('has a row for each behaviour', () => {
    expect(ROWS.length).toBeGreaterThan(60);
    expect(new Set(ROWS.map(([name]) => name)).size).toBe(ROWS.length);
  });
});

describe('what is told along', () => {
  it('is how many checks an unreachable host hides', () => {
    const { told } = simulate({ web1: '.n', 'web1/app/a': 'oo', 'web1/app/b': 'oo', 'web1/app/c': 'oo' });
    expect(told[1]?.[0]?.about).toMatchObject({ hides: 3 });
  });

  it('is what went live since it was last well', () => {
    const { told } = simulate(one('oocc'), { generation: (run) => (run < 2 ? 11 : 12) });
    expect(told[2]?.[0]?.about).toMatchObject({ change: { generation: 12, from: 11, by: 'alice', at: NOON } });
  });

  it('is nothing of the kind where the same generation was well', () => {
    const { told } = simulate(one('oc'));
    expect(told[1]?.[0]?.about).toMatchObject({ change: null });
  });

  it('is the same in a reminder, whatever has gone live meanwhile', () => {
    const { told } = simulate(one('occ'), { ...hourly, generation: (run) => run + 11 });
    expect(told[2]?.[0]).toMatchObject({ kind: 'reminder', about: { change: { generation: 12, from: 11 } } });
  });

  it('is how long it was bad', () => {
    const { told } = simulate(one('ocoo'));
    expect(told[3]?.[0]).toMatchObject({ kind: 'recovered', since: NOON + 5 * MINUTE, at: NOON + 15 * MINUTE });
  });

  it('is one name for as long as a problem lasts, and another for the next', () => {
    const ids = simulate(one('wcooc')).told.flatMap((alerts) => alerts.map(({ id }) => id));
    expect(ids).toHaveLength(4);
    expect(new Set(ids.slice(0, 3)).size).toBe(1);
    expect(ids[3]).not.toBe(ids[0]);
    expect(ids[0]).toMatch(/^[a-z2-9]{4}$/);
  });
});
