import { describe, expect, it } from 'vitest';
import { only } from '../fleet.ts';
import { startHost } from '../rig/index.ts';
import { answers, BOTS, inMode, openPositions, positions, programs, SHORT } from './jarvis.ts';
import { shippedProject } from './project.ts';

const ROOT = '/opt/jarvis';

describe('JARVIS without systemd', () => {
  it('runs as supervisor and as bots by the same playbook, over a reboot, and goes back', async () => {
    await using host = await startHost('clawdbot', 'plain');
    const inventory = (mode: string) => ({
      app: 'jarvis',
      hosts: { clawdbot: { host, fields: inMode(mode, { telegram_polling: false }) } },
      changes: SHORT,
    });
    await using whole = await shippedProject(inventory('supervisor'));
    const first = only(await whole.fleet('deploy', '--all'));
    expect(first).toMatchObject({ failure: null, outcome: 'deployed', generation: 1 });
    expect(await answers(host, ['supervisor'])).toMatchObject([{ polling: false }]);
    const kept = await openPositions(host, ROOT);

    await using split = await shippedProject(inventory('split'));
    const second = only(await split.fleet('deploy', '--all'));
    expect(second).toMatchObject({ failure: null, outcome: 'deployed', generation: 2 });
    const bots = await answers(host, BOTS);
    expect(bots.filter(({ polling }) => polling)).toEqual([]);
    expect(await programs(host)).toEqual([...BOTS].sort());

    await host.reboot();
    const again = await answers(host, BOTS);
    expect(await programs(host)).toEqual([...BOTS].sort());
    expect(again.map(({ pid }) => pid)).not.toEqual(bots.map(({ pid }) => pid));
    expect((await split.fleet('health', '--all')).code).toBe(0);

    const back = only(await whole.fleet('rollback', '--all'));
    expect(back).toMatchObject({ failure: null, outcome: 'rolled-back', generation: 1 });
    await answers(host, ['supervisor']);
    expect(await programs(host)).toEqual(['supervisor']);
    expect(await positions(host, ROOT)).toBe(kept);
  });
});
