import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetProject, only, type Project } from './fleet.ts';
import { drawn, startHost, type TestHost } from './rig/index.ts';
import { ask, sample, TASKS } from './samples.ts';

const LOG = '/opt/jarvis/logs/supervisor.log';
const block = (lines: string, logs = LOG) => `${logs} {\n  su jarvis jarvis\n  missingok\n${lines}}\n`;
const INSTALLED = '/etc/logrotate.d/jarvis';

describe.each(drawn(['web', 'systemd-trixie'], ['edge', 'plain']))(
  'a logrotate file on a %s host (%s)',
  (name, kind) => {
    let host: TestHost;
    let project: Project;
    const deploy = async (text: string) => {
      project.write('app.logrotate', text);
      return only(await project.fleet('deploy', '--all'));
    };

    beforeAll(async () => {
      host = await startHost(name, kind);
      const { playbook, ...rest } = sample(name);
      const hostKey = host.hostKeys.filter((key) => key.startsWith('ssh-ed25519'));
      project = await fleetProject({
        ...rest,
        files: { ...rest.files, 'app.logrotate': block('') },
        playbook: { ...(playbook as object), tasks: [...TASKS, { logrotate: 'app.logrotate' }] },
        hosts: { [name]: { host, fields: { hostKey } } },
      });
      // Somebody else's mistake, which is there before and stays.
      await host.writeFile('/etc/logrotate.d/broken', '/var/log/x.log {\n  rotate many\n}\n');
      await host.writeFile('/etc/logrotate.d/by-hand', '/var/log/hand.log {\n  missingok\n}\n');
    });
    afterAll(async () => {
      await project?.[Symbol.asyncDispose]();
      await host?.[Symbol.asyncDispose]();
    });

    it('that its logrotate takes is installed, whatever is wrong with the files of others', async () => {
      expect(await deploy(block('  rotate 3\n'))).toMatchObject({ outcome: 'deployed', generation: 1 });
      expect(await host.out(`cat ${INSTALLED}`)).toContain('rotate 3');
    });

    it.each([
      ['an account that the host lacks', block('  create 640 nobody-here jarvis\n'), `${INSTALLED}:4 unknown user`],
      [
        'a log that another file of the host has',
        block('', `/var/log/hand.log ${LOG}`),
        'duplicate log entry for /var/log/hand.log',
      ],
    ])('with %s is not switched to', async (_what, text, words) => {
      const { pid } = await ask(host);
      const ended = await deploy(text);
      expect(ended).toMatchObject({ outcome: 'reverted', failure: { kind: 'step-failed' } });
      expect(JSON.stringify(ended)).toContain(words);
      expect(JSON.stringify(ended)).not.toContain('rotate many');
      expect((await ask(host)).pid).toBe(pid);
      expect(await host.out(`cat ${INSTALLED}`)).toContain('rotate 3');
      expect(await host.out('ls -a /var/lib/fleet/jarvis')).not.toContain('.rotate');
    });

    it('may take the place of the file that it was before, under the same log', async () => {
      expect(await deploy(block('  rotate 4\n'))).toMatchObject({ outcome: 'deployed' });
      const { stdout } = await host.sh(`logrotate -d -s /dev/null ${INSTALLED} 2>&1`);
      expect(stdout).toContain(LOG);
    });
  },
);
