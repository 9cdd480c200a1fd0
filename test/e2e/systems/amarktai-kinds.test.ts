import { describe, expect, it } from 'vitest';
import { only } from '../fleet.ts';
import { drawn, startHost } from '../rig/index.ts';
import { amarktai, ask, DIRT, exposure, ROOT, restarts, traces } from './amarktai-host.ts';

describe.each(
  drawn(['Debian 11', 'systemd-bullseye'], ['Debian 13', 'systemd-trixie'], ['a host without systemd', 'plain']),
)('the Amarktai API on %s', (_name, kind) => {
  it('is deployed as it is shipped, serves, restarts cleanly, and goes without a trace', async () => {
    await using host = await startHost('api', kind);
    const before = await traces(host);
    await using project = await amarktai(host);
    expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ outcome: 'deployed', failure: null });
    expect(await ask(host)).toMatchObject({ ok: true, parts: { autopilot: true, exchange: true } });
    expect(await host.out(`${ROOT}/current/venv/bin/pip --version`)).toContain(`${ROOT}/releases/1/`);
    if (host.systemd) {
      expect(await exposure(host)).toBeLessThanOrEqual(2);
      const said = await restarts(host, 2);
      expect(said.match(/amarktai: stopped/g)).toHaveLength(2);
      expect(said).not.toMatch(DIRT);
    }
    expect((await project.fleet('rollback', '--full', '--all', '--yes')).code).toBe(0);
    expect(await traces(host)).toBe(before);
  });
});
