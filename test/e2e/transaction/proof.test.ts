import { afterAll, beforeAll, describe, expect } from 'vitest';
import { fleetProject, only, type Project } from '../fleet.ts';
import { startHost, type TestHost } from '../rig/index.ts';
import { story } from '../story.ts';

const ROOT = '/opt/proof';
const SEEN = '/run/seen-by-health';

/** Hardened enough for a gate of 5; without its second part for no gate at all. */
const OPEN = `[Unit]
Description=Says nothing, stays up

[Service]
WorkingDirectory=${ROOT}/current
ExecStart=/bin/sh main.sh
Restart=always
RestartSec=1
`;
const CLOSED = `User=nobody
NoNewPrivileges=true
ProtectSystem=strict
ProtectHome=true
PrivateTmp=true
PrivateDevices=true
CapabilityBoundingSet=
SystemCallFilter=@system-service
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX
RestrictNamespaces=true
ProtectKernelModules=true
ProtectKernelTunables=true
ProtectControlGroups=true
`;
const INSTALL = '\n[Install]\nWantedBy=multi-user.target\n';

/** Writes down how things stand while the deploy waits for health. */
const look = (command: string) => ({ command: ['sh', '-c', `${command} >${SEEN}; true`] });

const playbook = (
  units: object,
  more: { readonly files?: readonly object[]; readonly health?: readonly object[]; readonly deadline?: string },
) => ({
  name: 'proof',
  hosts: ['one'],
  root: ROOT,
  deploy: { settle: '1s', deadline: more.deadline ?? '30s' },
  tasks: [
    { sync: { from: 'app' } },
    { units: { from: 'units', enable: ['proof.service'], ...units } },
    ...(more.files === undefined ? [] : [{ files: more.files }]),
  ],
  health: [{ unit: 'proof.service' }, ...(more.health ?? [])],
});

async function proof(host: TestHost, parts: object): Promise<Project> {
  return fleetProject({
    hosts: { one: host },
    playbook: parts,
    units: { 'proof.service': OPEN + CLOSED + INSTALL },
    files: { 'app/main.sh': 'exec sleep infinity\n' },
  });
}

/** A host with systemd and the project for it, there for one `describe`. */
function proving(health: readonly object[] = []) {
  let host: TestHost;
  let project: Project;
  beforeAll(async () => {
    host = await startHost('one', 'systemd');
    project = await proof(host, playbook({}, { health }));
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await host?.[Symbol.asyncDispose]();
  });
  const deploy = async () => only(await project.fleet('deploy', '--all'));
  return { host: () => host, project: () => project, deploy };
}

describe.concurrent('on a host with systemd', () => {
  const step = story();
  const { host, project, deploy } = proving([look('systemctl is-enabled proof.service')]);
  const enabled = async () => (await host().sh('systemctl is-enabled proof.service')).stdout.trim();

  step('a service starts at boot only once it was healthy', async () => {
    expect(await deploy()).toMatchObject({ outcome: 'deployed', failure: null });
    expect(await host().out(`cat ${SEEN}`)).toBe('disabled');
    expect(await enabled()).toBe('enabled');
  });

  step('and one that starts at boot already goes on doing so while its next version is proved', async () => {
    project().write('app/main.sh', 'exec sleep 1000000\n');
    expect(await deploy()).toMatchObject({ outcome: 'deployed', failure: null });
    expect(await host().out(`cat ${SEEN}`)).toBe('enabled');
  });

  step('a first version that is never healthy was never enabled', async () => {
    expect((await project().fleet('rollback', '--full', '--all', '--yes')).code).toBe(0);
    const sick = {
      command: { command: ['sh', '-c', `systemctl is-enabled proof.service >${SEEN}; false`], retryFor: '2s' },
    };
    project().playbook(playbook({}, { health: [sick] }));
    expect(await deploy()).toMatchObject({ outcome: 'reverted', failure: { kind: 'unhealthy' } });
    expect(await host().out(`cat ${SEEN}`)).toBe('disabled');
    expect(await host().out('find /etc/systemd/system -name "proof*"')).toBe('');
  });

  const journald = () => host().out('systemctl show -p InvocationID --value systemd-journald');
  const LIMIT = '/etc/systemd/journald.conf.d/proof.conf';
  const limit = (size: string) => ({
    to: LIMIT,
    content: `[Journal]\nSystemMaxUse=${size}\n`,
    restart: 'systemd-journald.service',
  });

  step(
    'a daemon of the host that reads a file is restarted when the file comes, changes or goes, and only then',
    async () => {
      const before = await journald();
      project().playbook(playbook({}, { files: [limit('64M')] }));
      expect(await deploy()).toMatchObject({ outcome: 'deployed', failure: null });
      const came = await journald();
      expect(came).not.toBe(before);

      project().write('app/main.sh', 'exec sleep 2000000\n');
      expect(await deploy()).toMatchObject({ outcome: 'deployed', failure: null });
      expect(await journald()).toBe(came);

      project().playbook(playbook({}, { files: [limit('65M')] }));
      expect(await deploy()).toMatchObject({ outcome: 'deployed', failure: null });
      const changed = await journald();
      expect(changed).not.toBe(came);

      expect((await project().fleet('rollback', '--all')).code).toBe(0);
      expect(await host().out(`cat ${LIMIT}`)).toContain('64M');
      const back = await journald();
      expect(back).not.toBe(changed);

      project().playbook(playbook({}, {}));
      expect(await deploy()).toMatchObject({ outcome: 'deployed', failure: null });
      expect(await host().out(`ls ${LIMIT} 2>/dev/null || echo gone`)).toBe('gone');
      expect(await journald()).not.toBe(back);
    },
  );

  step('a daemon that does not take the file takes the release back, file and all', async () => {
    await host().writeFile(
      '/etc/systemd/system/picky.service',
      '[Service]\nExecStartPre=/bin/sh -c "! grep -q bad /etc/picky.conf"\nExecStart=/bin/sleep infinity\n',
    );
    await host().writeFile('/etc/picky.conf', 'good\n');
    await host().out('systemctl daemon-reload && systemctl start picky');
    const conf = { to: '/etc/picky.conf', content: 'bad\n', restart: 'picky.service' };
    project().playbook(playbook({}, { files: [conf] }));
    const { outcome, failure } = await deploy();
    expect(outcome).toBe('reverted');
    expect(JSON.stringify(failure)).toMatch(/restart of picky\.service failed/);
    expect(await host().out('cat /etc/picky.conf && systemctl is-active picky')).toBe('good\nactive');
  });

  step('a service that is open to more than maxExposure goes back, and the message has both numbers', async () => {
    project().playbook(playbook({ maxExposure: 5 }, {}));
    expect(await deploy()).toMatchObject({ outcome: 'deployed', failure: null });
    project().write('units/proof.service', OPEN + INSTALL);
    const told = await project().human('deploy', '--all');
    expect(told.code).toBe(1);
    expect(told.stdout + told.stderr).toMatch(/exposure is 9\.\d, more than the 5 /);
    const score = await host().out('systemd-analyze security --no-pager proof.service | tail -n 1');
    expect(Number(/: ([\d.]+) /.exec(score)?.[1])).toBeLessThanOrEqual(5);
  });
});

// Beside the others: most of it is waiting.
describe.concurrent('on another one', () => {
  const step = story();
  const { project, deploy } = proving();

  step(
    'a check is asked as long as the deadline allows, or its own `retryFor`, and no longer than the host keeps the version',
    async () => {
      const late = (seconds: number, more = {}) => {
        const age = 'ps -o etimes= -p $(systemctl show -p MainPID --value proof)';
        return { command: { command: ['sh', '-c', `[ $(${age}) -ge ${seconds} ]`], ...more } };
      };
      const main = (text: string) => project().write('app/main.sh', `${text}\n`);
      main('exec sleep 1000000');
      project().playbook(playbook({}, { deadline: '50s', health: [late(31)] }));
      expect(await deploy()).toMatchObject({ outcome: 'deployed', failure: null });
      main('exec sleep 1000001');
      project().playbook(playbook({}, { health: [late(1000, { retryFor: '1s' })] }));
      const short = await deploy();
      expect(short).toMatchObject({ outcome: 'reverted', failure: { kind: 'unhealthy' } });
      expect(short.failure?.message).toMatch(/waited 1\.\ds, all that `retryFor` allows/);
      main('sleep 6; exit 3');
      project().playbook(playbook({}, { deadline: '100s', health: [late(1000)] }));
      const dead = await deploy();
      expect(dead).toMatchObject({ outcome: 'reverted', failure: { kind: 'not-settled' } });
      expect(dead.durationMs).toBeLessThan(60_000);
    },
  );
});
