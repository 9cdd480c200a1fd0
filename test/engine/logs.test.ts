import fc from 'fast-check';
import { expect, it } from 'vitest';
import { merger } from '../../src/engine/logs/merge.ts';
import { BEGIN, pieceOf } from '../../src/engine/logs/read.ts';
import type { LogLine } from '../../src/model/log-line.ts';

const line = (at: number, text = ''): LogLine => ({
  ...{ unit: 'a.service', at, exact: true, priority: null, text, cursor: '', boot: '' },
});

/** All that can be told at a moment. */
function drain<S>(merge: ReturnType<typeof merger<S>>, now: number) {
  const told: string[] = [];
  for (let next = merge.next(now); next !== null; next = merge.next(now))
    told.push(`${next.source}${next.line.at}${next.late ? ' late' : ''}`);
  return told;
}

it('past lines of all hosts come in the order of time, each once, of one host in its own order', () => {
  const logs = fc.array(fc.array(fc.nat(50), { maxLength: 30 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(logs, (hosts) => {
      const merge = merger([...hosts.keys()], Number.POSITIVE_INFINITY);
      const sorted = hosts.map((times) => times.toSorted((a, b) => a - b));
      for (const [i, times] of sorted.entries()) {
        void merge.push(
          i,
          times.map((at, n) => line(at, `${i}.${n}`)),
          0,
        );
        merge.end(i);
      }
      const told: LogLine[] = [];
      for (let next = merge.next(0); next !== null; next = merge.next(0)) told.push(next.line);
      expect(told.map(({ at }) => at)).toEqual(sorted.flat().sort((a, b) => a - b));
      expect(new Set(told.map(({ text }) => text)).size).toBe(hosts.flat().length);
      for (const [i, times] of sorted.entries())
        expect(told.filter(({ text }) => text.startsWith(`${i}.`)).map(({ text }) => text)).toEqual(
          times.map((_, n) => `${i}.${n}`),
        );
    }),
  );
});

it('five hosts with 20 000 lines each are merged in order', () => {
  const hosts = ['a', 'b', 'c', 'd', 'e'];
  const merge = merger(hosts, Number.POSITIVE_INFINITY);
  for (const [i, host] of hosts.entries()) {
    void merge.push(
      host,
      Array.from({ length: 20_000 }, (_, n) => line(n * 5 + i)),
      0,
    );
    merge.end(host);
  }
  let before = -1;
  let count = 0;
  for (let next = merge.next(0); next !== null; next = merge.next(0)) {
    expect(next.line.at).toBe(before + 1);
    before = next.line.at;
    count += 1;
  }
  expect(count).toBe(100_000);
});

it('a host that is silent holds nobody back for longer than the hold-back; what comes later is marked, not dropped', () => {
  const merge = merger(['a', 'b'], 300);
  void merge.push('a', [line(10), line(20)], 1000);
  expect(drain(merge, 1299)).toEqual([]);
  expect(drain(merge, 1300)).toEqual(['a10', 'a20']);
  void merge.push('b', [line(15), line(30)], 1400);
  void merge.push('a', [line(25)], 1400);
  expect(drain(merge, 1400)).toEqual(['b15 late', 'a25']);
  expect(drain(merge, 1700)).toEqual(['b30']);
  expect(merge.waiting()).toBe(false);
});

it('whoever talks without end waits until there is room, and does not keep the others from being heard', async () => {
  const merge = merger(['loud', 'other'], 300);
  let more = false;
  void merge
    .push(
      'loud',
      Array.from({ length: 12_000 }, (_, n) => line(n)),
      0,
    )
    .then(() => {
      more = true;
    });
  await Promise.resolve();
  expect(more).toBe(false);
  await merge.push('other', [line(5)], 0);
  expect(drain(merge, 0).slice(0, 7)).toEqual(['loud0', 'loud1', 'loud2', 'loud3', 'loud4', 'loud5', 'other5']);
  drain(merge, 1000);
  await Promise.resolve();
  expect(more).toBe(true);
});

it('long lines fill the place that a source has as many short ones do', async () => {
  const merge = merger(['loud'], 300);
  let more = false;
  const lines = Array.from({ length: 6 }, (_, n) => line(n, 'x'.repeat(1024 * 1024)));
  void merge.push('loud', lines, 0).then(() => {
    more = true;
  });
  await Promise.resolve();
  expect(more).toBe(false);
  drain(merge, 1000);
  await Promise.resolve();
  expect(more).toBe(true);
});

it('a line in every millisecond delays those of another host by the hold-back at most, and nothing piles up', () => {
  const [HOLD_BACK, EVERY] = [1500, 700];
  const merge = merger(['loud', 'quiet'], HOLD_BACK);
  const came = new Map<number, number>();
  const took: number[] = [];
  let [waiting, most, told] = [0, 0, -1];
  for (let now = EVERY; now < 60_000; now += 50) {
    if (now % EVERY === 0) {
      void merge.push(
        'loud',
        Array.from({ length: EVERY }, (_, i) => line(now - EVERY + i)),
        now,
      );
      waiting += EVERY;
    }
    // Once in a while, found at the next look.
    if (now % 4900 === 0) {
      came.set(now - 300, now);
      void merge.push('quiet', [line(now - 300)], now);
    }
    for (let next = merge.next(now); next !== null; next = merge.next(now)) {
      expect(next.late).toBe(false);
      expect(next.line.at).toBeGreaterThanOrEqual(told);
      told = next.line.at;
      if (next.source === 'quiet') took.push(now - (came.get(next.line.at) ?? 0));
      else waiting -= 1;
    }
    most = Math.max(most, waiting);
  }
  expect(took.length).toBe(12);
  expect(Math.max(...took)).toBeLessThanOrEqual(HOLD_BACK + 50);
  expect(most).toBeLessThanOrEqual(HOLD_BACK + 2 * EVERY);
});

const entry = (cursor: string, text: string) =>
  `j ${JSON.stringify({ __CURSOR: cursor, __REALTIME_TIMESTAMP: '1700000000000000', MESSAGE: text, _SYSTEMD_UNIT: 'a.service', PRIORITY: '3' })}`;

it('a piece of the journal begins behind the line that was had, which is shown once more', () => {
  const first = pieceOf([entry('s=1;i=1', 'one'), entry('s=1;i=2', 'two'), 'end'], BEGIN, 0);
  expect(first).toMatchObject({ where: 's=1;i=2', more: false, gap: false });
  const next = pieceOf([entry('s=1;i=2', 'two'), entry('s=1;i=3', 'three'), 'end'], first.where, 0);
  expect(next.lines.map(({ text }) => text)).toEqual(['three']);
  expect(next).toMatchObject({ where: 's=1;i=3', gap: false });
  // Nothing new: the place is kept.
  expect(pieceOf([entry('s=1;i=3', 'three'), 'end'], next.where, 0)).toMatchObject({ where: 's=1;i=3', lines: [] });
  expect(pieceOf(['end'], next.where, 0)).toMatchObject({ where: 's=1;i=3', lines: [] });
  // The line is gone: others may be.
  expect(pieceOf([entry('s=1;i=9', 'nine'), 'end'], next.where, 0)).toMatchObject({ gap: true, where: 's=1;i=9' });
});

it('a piece of files keeps a place in each, and reads the level that a line begins with', () => {
  const said = ['file a.service 7 120 1700000000', 'l <3>bad', 'l fine', 'file b.service 8 0 1700000000', 'end'];
  const piece = pieceOf(said, BEGIN, 1.8e15);
  expect(piece.where).toBe('a.service=7:120 b.service=8:0');
  expect(piece.lines.map(({ unit, text, priority, exact }) => [unit, text, priority, exact])).toEqual([
    ['a.service', 'bad', 3, false],
    ['a.service', 'fine', null, false],
  ]);
  const next = pieceOf(['file a.service 7 130 1700000000', 'l more', 'end'], piece.where, 1.8e15);
  expect(next).toMatchObject({ where: 'a.service=7:130 b.service=8:0', lines: [{ text: 'more', at: 1.8e15 }] });
  expect(pieceOf(['gap a.service', 'e no space', 'end'], next.where, 0)).toMatchObject({
    ...{ gap: true, troubles: ['no space'], where: next.where },
  });
});
