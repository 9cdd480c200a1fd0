import { describe, expect, it } from 'vitest';
import { drawn, startHost } from '../rig/index.ts';
import { call, ended, HOST, setHost, xswarmOn } from './xswarm.ts';

// The oldest Debian and no systemd, and the newest: other versions of Python, of websockets and of systemd.
describe.concurrent('on other Debians', () => {
  it.each(drawn('plain-bullseye', 'systemd-trixie'))(
    'xSwarm on %s is built, takes calls, goes from one bridge to three, and leaves without a trace',
    async (kind) => {
      await using host = await startHost(HOST, kind);
      await using project = await xswarmOn(host);
      const before = await host.manifest(['/opt', '/etc/systemd/system', '/etc/passwd', '/var/lib/xswarm']);
      expect(await ended(project.fleet('deploy', '--all'))).toMatchObject({ failure: null, outcome: 'deployed' });
      expect((await call(host, { calls: 2 })).calls).toEqual(
        Array(2).fill({ type: 'started', instance: '', echo: true }),
      );
      expect((await call(host, { token: 'wrong' })).calls).toEqual([{ closed: 1008 }]);

      setHost(project, { groups: ['xswarm', 'xswarm-instances'] });
      expect(await ended(project.fleet('deploy', '--all'))).toMatchObject({ failure: null, outcome: 'deployed' });
      expect((await call(host, { port: 10001 })).calls).toEqual([{ type: 'started', instance: '3', echo: true }]);
      expect((await project.fleet('health', '--all')).code).toBe(0);

      const removed = await ended(project.fleet('rollback', '--all', '--full', '--yes'));
      expect(removed).toMatchObject({ code: 0, outcome: 'removed' });
      expect(await host.manifest(['/opt', '/etc/systemd/system', '/etc/passwd', '/var/lib/xswarm'])).toEqual(before);
    },
  );
});
