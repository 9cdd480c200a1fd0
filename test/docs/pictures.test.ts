import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { EventBody } from '../../src/model/events.ts';
import { generationId } from '../../src/model/ids.ts';
import { Script, START } from '../output/events.ts';
import { onTerminal } from '../output/run.ts';
import { svg } from './svg.ts';

// The README's pictures, drawn from what the view writes to a terminal. `npx vitest run test/docs/pictures -u` draws them anew.

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

const picture = (name: string) => `../../docs/pictures/${name}.svg`;
const COLUMNS = 84;

const phase = (name: Extract<EventBody, { type: 'phase' }>['phase']): EventBody => ({ type: 'phase', phase: name });
const check = (name: string, detail: string): EventBody => ({
  type: 'check',
  result: { check: name, ok: true, detail, ms: 9 },
});

const REVERTED = {
  end: 'reverted',
  generation: generationId(2),
  failure: {
    kind: 'not-settled',
    units: [
      {
        ...{ unit: 'app.service', result: 'exit-code', status: 1 },
        cause: 'The program stopped with an error of its own (exit status 1).',
        fix: "Read the service's last log lines: the program says there why it stopped.",
        log: [
          'Started app.service - My app.',
          '/usr/bin/python3: No module named http.servr',
          'app.service: Main process exited, code=exited, status=1/FAILURE',
        ],
      },
    ],
  },
} as const;

it('a deploy to five hosts, while it runs', async () => {
  const script = new Script();
  const names = ['shop-1', 'shop-2', 'shop-3', 'shop-4', 'shop-5'];
  for (const name of names.slice(0, 4)) script.add(name, phase('connect'), 'shop');
  script.end('shop-1', { end: 'deployed', generation: generationId(12) }, 14_200, 'shop');
  script.add('shop-2', phase('settle'), 'shop');
  script.add('shop-3', phase('verify'), 'shop').add('shop-3', check('http http://127.0.0.1:8000/', '200 OK'), 'shop');
  script.add('shop-4', phase('stage'), 'shop');
  script.add('shop-4', { type: 'step', id: 'sync', title: 'send code (214 files)', state: 'started' }, 'shop');
  script.add('shop-4', { type: 'progress', id: 'sync', percent: 62, rate: '8.4MB/s' }, 'shop');
  const { terminal, reporter } = await onTerminal(COLUMNS, 24, { hosts: names.map((host) => ({ host, app: 'shop' })) });
  for (const event of script.events) {
    await vi.advanceTimersByTimeAsync(Math.max(0, event.at - Date.now()));
    reporter.on(event);
  }
  await vi.advanceTimersByTimeAsync(6000);
  const shown = terminal.lines.filter((line) => line.length > 0);
  reporter.abandon();
  await expect(svg(shown, COLUMNS, 'fleet deploy while it runs: a row for each of five hosts')).toMatchFileSnapshot(
    picture('live'),
  );
});

it('the end of a deploy that went back', async () => {
  const script = new Script();
  for (const [name, ms] of [
    ['connect', 400],
    ['stage', 900],
    ['settle', 8500],
  ] as const) {
    script.add('my-vps', phase(name), 'app');
    script.at += ms - 100;
  }
  script.end('my-vps', REVERTED, 9_800, 'app');
  const { terminal, reporter } = await onTerminal(COLUMNS, 40, { hosts: [{ host: 'my-vps', app: 'app' }] });
  for (const event of script.events) reporter.on(event);
  await reporter.close(script.summary('deploy', 1));
  const title = 'fleet deploy that went back: the cause, the last lines of the log, what to do next';
  const shown = [...terminal.gone, ...terminal.lines];
  while (shown.at(-1)?.length === 0) shown.pop();
  await expect(svg(shown, COLUMNS, title)).toMatchFileSnapshot(picture('reverted'));
});

it('and there are no others, which nothing would keep true', () => {
  expect(readdirSync(join(import.meta.dirname, '../../docs/pictures'))).toEqual(['live.svg', 'reverted.svg']);
});
