import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/model/digest.ts';
import { KEYS, runAmarktai, scratch } from './running-amarktai.ts';

const ALL = { ...KEYS, ENABLE_AUTOPILOT: 'true', ENABLE_TRADING: '1' };
const HEALTH = "await get('/api/health')";

/** What must not stand in the journal after restarts. */
const DIRT = ['never awaited', 'SchedulerNotRunningError', 'Unclosed client session'];

describe('the stand-in for the Amarktai API', () => {
  it('starts all parts, answers for them, and stops them without a word of complaint', () => {
    using at = scratch();
    const { code, said, log } = runAmarktai(at, HEALTH, { ...ALL, AMARKTAI_MARKER: 'one' });
    expect(said).toEqual([
      { type: 'lifespan.startup.complete' },
      {
        status: 200,
        body: {
          ok: true,
          version: '1.0.0',
          pid: expect.any(Number),
          config: sha256('one'),
          features: ['ENABLE_AUTOPILOT', 'ENABLE_TRADING'],
          parts: { database: true, bodyguard: true, 'self-healing': true, autopilot: true, exchange: true },
        },
      },
      { type: 'lifespan.shutdown.complete' },
    ]);
    expect(code).toBe(0);
    expect(log.split('\n')).toEqual([expect.stringMatching(/^amarktai: ready: /), 'amarktai: stopped', '']);
    expect(readFileSync(join(at.dir, 'logs/audit.log'), 'utf8')).toMatch(/^\d+ started .*\n\d+ stopped .*\n$/);
  });

  it('leaves its flags off unless they are set, and takes nothing for true that is not', () => {
    using at = scratch();
    const [, answer] = runAmarktai(at, HEALTH, KEYS).said;
    expect(answer).toMatchObject({ body: { features: [] } });
    const [refused] = runAmarktai(at, HEALTH, { ...KEYS, ENABLE_TRADING: 'maybe' }).said;
    expect(refused).toMatchObject({ message: 'amarktai: ENABLE_TRADING must be true or false' });
  });

  it.each(Object.keys(KEYS))('does not start without %s, names it, and shows no value', (key) => {
    using at = scratch();
    const run = runAmarktai(at, HEALTH, { ...ALL, [key]: '' });
    const message = `amarktai: no value for ${key}: set it in .env`;
    expect(run.said).toEqual([{ type: 'lifespan.startup.failed', message }]);
    expect(JSON.stringify(run)).not.toContain('canary');
  });

  it('runs the autopilot once, however many workers there are', () => {
    using at = scratch();
    const another = `import os
from settings import read_settings
from system import System
other = System(read_settings(os.environ), '2')
await other.start()
print(json.dumps(other.report()))
await other.stop()
${HEALTH}`;
    const [, other, first] = runAmarktai(at, another, ALL).said;
    expect(first).toMatchObject({ body: { parts: { autopilot: true } } });
    expect(other).toMatchObject({ ok: true, parts: { autopilot: false, exchange: true } });
  });

  it('stops all other parts when one cannot be stopped', () => {
    using at = scratch();
    const lines = `async def bad(): raise RuntimeError('no way')
[part for part in server._system._parts if part.name == 'bodyguard'][0].stop = bad`;
    const { said, log } = runAmarktai(at, lines, ALL);
    expect(said.at(-1)).toEqual({ type: 'lifespan.shutdown.complete' });
    expect(log).toContain('bodyguard could not be stopped');
    for (const words of DIRT) expect(log).not.toContain(words);
  });
});

describe('a fault on purpose', () => {
  const run = (fault: string, lines = HEALTH) => {
    using at = scratch();
    return runAmarktai(at, lines, { ...ALL, AMARKTAI_FAULT: fault });
  };

  it('unclean-stop leaves all that a restart used to leave', () => {
    const { said, log } = run('unclean-stop');
    expect(said.at(-1)).toMatchObject({ type: 'lifespan.shutdown.failed' });
    for (const words of DIRT) expect(log + JSON.stringify(said)).toContain(words);
  });

  it('exit-at-start fails the start', () => {
    expect(run('exit-at-start').said).toEqual([
      { type: 'lifespan.startup.failed', message: 'amarktai: AMARKTAI_FAULT=exit-at-start' },
    ]);
  });

  it('slow-health answers 503 until its time is over, unhealthy for ever', () => {
    const twice = `${HEALTH}\nawait asyncio.sleep(0.4)\n${HEALTH}`;
    expect(run('slow-health:0.3', twice).said.map(({ status }) => status)).toEqual([undefined, 503, 200, undefined]);
    expect(run('unhealthy', twice).said.map(({ status }) => status)).toEqual([undefined, 503, 503, undefined]);
  });

  it.each(['slow-start', 'slow-stop'])('%s takes as long as it says', (fault) => {
    const began = Date.now();
    expect(run(`${fault}:0.6`).code).toBe(0);
    expect(Date.now() - began).toBeGreaterThan(600);
  });

  it('that nobody knows is refused with the list of faults', () => {
    const [answer] = run('explode').said;
    expect(answer?.message).toMatch(/^amarktai: AMARKTAI_FAULT: must be one of exit-at-start, .* slow-stop:SECONDS$/);
  });
});
