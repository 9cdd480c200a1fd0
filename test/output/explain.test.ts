import { expect, it } from 'vitest';
import { type Trail, trailOf } from '../../src/monitor/orders.ts';
import { decode, EMPTY, encode } from '../../src/monitor/state.ts';
import { trail } from '../../src/output/messages/monitor/trail.ts';
import { MINUTE, NOON, simulate } from '../monitor/simulate.ts';

const HTTP = 'web1/app/http';
const idOf = (state: ReturnType<typeof simulate>['state']) =>
  Object.values(state.subjects).flatMap(({ problem }) => problem?.id ?? [])[0] ?? '';
const explained = (state: ReturnType<typeof simulate>['state'], id: string, run: number) =>
  trail(id, trailOf(state, id) as Trail, NOON + run * 5 * MINUTE);

it('how a verdict came about: what was said and read, by which limits and rules, and what had gone live', () => {
  const { state } = simulate(
    { [HTTP]: 'oocc' },
    {
      ...{ confirm: { runs: 2, of: 3 }, recoverAfter: 2, generation: (run) => (run < 2 ? 11 : 12) },
      readings: {
        [HTTP]: () => [
          { name: 'disk /', value: 0.915, unit: 'ratio', warn: 0.8, critical: 0.9, limit: 1 },
          { name: 'offset', value: 4, unit: 'count', warn: 1, critical: null, limit: null, memo: true },
        ],
      },
    },
  );
  const said = explained(state, idOf(state), 3);
  expect(said).toContain('last bad at 12:15 UTC, asked 3 times in that run: it is crit\n');
  expect(said).toContain(
    'disk /: 91.5 %; a warning from 80 % on, critical from 90 % on, until it is a tenth away from that\n',
  );
  expect(said).not.toContain('offset');
  expect(said).toContain('bad counts when it was in 2 of the last 3 runs; well again after 2 good runs in a row\n');
});

it('and which generation went live in between', () => {
  const { state } = simulate({ [HTTP]: 'ooc' }, { generation: (run) => (run < 2 ? 11 : 12) });
  expect(explained(state, idOf(state), 2)).toContain(
    'generation 12 is live since 12:00 UTC by alice; it was last well with 11\n',
  );
});

it('what it said stays known while it gets better, and when it is over', () => {
  const { states } = simulate({ [HTTP]: 'ocoo' });
  const id = idOf(states[1] ?? EMPTY);
  for (const run of [1, 2, 3]) {
    const state = states[run] ?? EMPTY;
    expect(explained(state, id, run), `run ${run}`).toContain(
      'last bad at 12:05 UTC, asked 3 times in that run: it is crit\n',
    );
  }
});

it('a long word of a host is kept in part, and of what is well nothing', () => {
  const { state } = simulate({ [HTTP]: 'oc', 'web1/app/tcp': 'oo' });
  const subjects = Object.values(state.subjects);
  expect(subjects.filter(({ verdict }) => verdict).map(({ subject }) => subject.check)).toEqual(['http']);
});

it('what an older fleet has written is read: nothing of all that is in it', () => {
  const { state } = simulate({ [HTTP]: 'oc' });
  const subjects = Object.fromEntries(
    Object.entries(state.subjects).map(([key, { verdict: _, toldEvent: __, ...one }]) => [key, one]),
  );
  const { pings: _, notes: __, ...old } = { ...state, subjects };
  const read = decode(encode(old as never));
  if ('why' in read) throw new Error(read.why);
  expect(explained(read.state, idOf(state), 1)).toContain('the problem began at 12:05 UTC');
  expect(read.state).toMatchObject({ pings: {}, notes: {} });
});
