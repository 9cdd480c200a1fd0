import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostRun } from '../../src/engine/run.ts';
import { follow, hostFailure, newTranscript } from '../../src/engine/switch/transaction.ts';
import type { CallSite } from '../../src/host/call.ts';
import { parseFacts } from '../../src/host/facts.ts';
import { PROGRAM_NAME } from '../../src/host/program.ts';
import type { EventBody } from '../../src/model/events.ts';
import { explain } from '../../src/output/messages/failures/failure.ts';
import { capped } from '../../src/util/capped.ts';
import { connected, failureIn, never } from '../transport/connect-with.ts';
import { type Server, startServer } from '../transport/server.ts';

describe('a host that talks without end', () => {
  let server: Server;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  /** What is heard of a transaction on a host whose program is this one. */
  async function hear(program: string) {
    const root = join(server.dir, 'app');
    mkdirSync(join(root, '.fleet'), { recursive: true });
    writeFileSync(join(root, '.fleet', PROGRAM_NAME), program);
    const layout = { root, current: `${root}/current`, app: 'app', user: null, data: [] };
    const site: CallSite = { layout, uid: 1000, hasProgram: true };
    const events: EventBody[] = [];
    const run = {
      signal: never(),
      now: Date.now,
      emit: (event: EventBody) => events.push(event),
    } as unknown as HostRun;
    const transcript = newTranscript(Date.now());
    await using host = await connected(server);
    const words = { verb: 'activate', args: ['txn'] } as const;
    const result = await follow(host, site, words, transcript, never(), run);
    return { transcript, events, result };
  }

  /** One of each kind of line, each time about another unit. */
  const round = (end: string) =>
    `exec awk 'BEGIN { for (i = 0; ${end}; i++) { printf "differs u%d.service P a\\tb\\nunit-failed u%d.service exit-code x 1 failed\\nunit-log u%d.service text\\nnote n%d\\nphase settle\\n", i, i, i, i } }'`;

  it('is heard to its end, and no more of it is kept than anybody reads', { timeout: 60_000 }, async () => {
    const { transcript, events } = await hear(`${round('i < 20000')}\n`);
    // The control: all of it was heard.
    expect(transcript.lines).toBe(100_000);
    expect(transcript.differences).toHaveLength(200);
    expect(transcript.units.size).toBe(200);
    expect(transcript.beyond).toEqual({ differences: 19_800, units: 19_800 });
    expect(events).toHaveLength(201);
    expect(events.at(-1)).toMatchObject({
      type: 'note',
      text: expect.stringContaining('and more, which is not shown'),
    });
    const failed = hostFailure(transcript);
    expect(failed?.kind === 'not-settled' && failed.units.at(-1)?.unit).toBe('… and 19800 more');
    const said = failed === null ? null : explain(failed, { hosts: ['a'], app: 'app' });
    expect(said?.evidence.at(-1)).toBe('… and 19800 more');
    transcript.units.clear();
    const differs = hostFailure(transcript);
    expect(differs === null ? null : explain(differs, { hosts: ['a'], app: 'app' }).evidence.at(-1)).toBe(
      '… and 19800 more',
    );
  });

  it('is given up when it talks without end, and has cost no memory', { timeout: 60_000 }, async () => {
    const { transcript, events, result } = await hear(`${round('1')}\n`);
    expect(failureIn(result).kind).toBe('timed-out');
    expect(transcript.lines).toBeGreaterThan(150_000);
    expect(transcript.differences.length + transcript.units.size + events.length).toBe(601);
  });

  it('is cut where one of its lines has no end', { timeout: 60_000 }, async () => {
    const long = `awk 'BEGIN { printf "note "; for (i = 0; i < 1000000; i++) printf "xxxxxxxxxx"; printf "\\nrefused "; for (i = 0; i < 100000; i++) printf "y"; print "" }'`;
    const { transcript, events } = await hear(`${long}\n`);
    expect(transcript.lines).toBe(2);
    expect(events.map((event) => event.type === 'note' && event.text.length)).toEqual([2001]);
    expect(transcript.refused?.length).toBe(2001);
  });

  it('is told of every half minute while it only says that it lives, and those are no lines of its runner', async () => {
    const { transcript, events } = await hear(
      'printf "lives SETTLING 30\\nlives ACTIVATING 20\\nlives ACTIVATING 30\\nphase settle\\n"\n',
    );
    expect(events).toMatchObject([
      {
        type: 'note',
        text: 'the host is still switching generations, with nothing new for 30 s; it is waited for',
      },
      { type: 'phase', phase: 'settle' },
    ]);
    expect(transcript.lines).toBe(1);
  });

  it('tells of itself no more than is kept, and the last entry says how much there was', () => {
    const many = (line: (i: number) => string) => Array.from({ length: 8000 }, (_, i) => line(i)).join('\n');
    const reply = parseFacts(
      [
        ...[
          'active 3',
          many((i) => `drift changed d${i}`),
          many((i) => `found f${i}`),
          many((i) => `foreign u${i} /p${i}`),
        ],
        ...[many((i) => `generation ${i + 1} good ${i} ${'0'.repeat(64)}`), many((i) => `part digest p${i}`)],
        many((i) => `unit u${i} active running 1 0 success 0`),
      ].join('\n'),
    );
    const { drift, found, externalDropIns, generations } = reply.facts;
    expect([drift.length, drift.at(-1)]).toEqual([201, { kind: 'told', text: '… and 7800 more' }]);
    expect([found.length, found.at(-1)]).toEqual([201, '… and 7800 more']);
    expect([externalDropIns.length, externalDropIns.at(-1)?.path]).toEqual([201, '… and 7800 more']);
    expect([reply.units.length, reply.units.at(-1)?.unit]).toEqual([1001, '… and 7000 more']);
    expect([reply.parts.size, [...reply.parts.keys()].at(-1)]).toEqual([5001, '… and 3000 more']);
    // The newest, and the one that is active.
    expect([generations.length, generations[0]?.id, generations.at(-1)?.id]).toEqual([1001, 3, 8000]);
    // The control: what is within bounds is as the host said it.
    expect(capped(['a', 'b'], 2, (text) => text)).toEqual(['a', 'b']);
    const changed = (path: string) => ({ kind: 'changed', path });
    expect(parseFacts('drift changed a\ndrift changed b').facts.drift).toEqual([changed('a'), changed('b')]);
  });
});
