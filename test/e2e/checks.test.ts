import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { CheckResult } from '../../src/model/outcome.ts';
import { fleetProject, only, type Project } from './fleet.ts';
import { little } from './little.ts';
import { drawn, startHost, type TestHost } from './rig/index.ts';
import { asHost } from './safety/steady-app.ts';
import { KINDS, NAMES } from './samples.ts';
import { story } from './story.ts';

type Level = 'ok' | 'warn' | 'critical';

const app = little('looked-at', ['it']);
const SECRET = 'canary-checks-4b1d';

/** A certificate for a name, good for so many days. */
function certificate(days: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
  const options = ['-x509', '-newkey', 'ed25519', '-nodes', '-subj', '/CN=checked.test', '-days', String(days)];
  execFileSync('openssl', ['req', ...options, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  // As some servers have it: the key in the same file, which is nobody's business.
  const pem = readFileSync(key, 'utf8') + readFileSync(cert, 'utf8');
  rmSync(folder, { recursive: true });
  return pem;
}

const health = (level: Level, unit: string) => [
  { unit: { name: unit, ...(level === 'warn' ? { settled: '23h' } : {}) } },
  { command: { command: ['sh', '-c', 'echo "$(cat /tmp/said)"; exit "$(cat /tmp/level)"'], warnOn: [1] } },
  { disk: { path: '/small', warn: 50, critical: 80 } },
  { inodes: { path: '/small', warn: 50, critical: 80 } },
  {
    memory: {
      unit: 'host',
      ...{ ok: { warn: 99.9 }, warn: { warn: 0.1 }, critical: { warn: 0.1, critical: 0.2 } }[level],
    },
  },
  {
    memory: { unit, ...{ ok: { warn: 99 }, warn: { warn: 0.001 }, critical: { warn: 0.001, critical: 0.002 } }[level] },
  },
  { load: { ok: { warn: 900 }, warn: { warn: 0.000_1 }, critical: { critical: 0.000_1 } }[level] },
  { swap: { warn: 99.9 } },
  { clock: { warn: '1m', critical: '1h' } },
  { temperature: { critical: 149 } },
  {
    logs: {
      path: '/var/log/looked-at/app.log',
      size: { warn: '2K', critical: '4K' },
      age: { warn: '1h', critical: '3h' },
      rotated: { warn: '8d', critical: '20d' },
      patterns: [{ match: 'ERR(OR)? [0-9]+', warn: 1, critical: 3 }],
    },
  },
  {
    file: {
      path: '/etc/looked-at.key',
      mode: '0600',
      owner: 'root',
      otherwise: level === 'warn' ? 'warn' : 'critical',
    },
  },
  { generation: { drift: level === 'critical' ? 'critical' : 'warn' } },
  {
    ports: {
      open: [level === 'ok' ? 22 : 9],
      closed: [level === 'ok' ? 9 : 22],
      otherwise: level === 'warn' ? 'warn' : 'critical',
    },
  },
  { certificate: '/etc/looked-at.pem' },
];

const MOUNT = 'mount -t tmpfs -o size=10m,nr_inodes=100,mode=755 tmpfs /small';

/** What the host is made to be like. */
const STATE: Readonly<Record<Level, string>> = {
  ok: `mkdir -p /var/log/looked-at
    echo well >/tmp/said; echo 0 >/tmp/level
    touch /etc/looked-at.key && chmod 600 /etc/looked-at.key
    echo fine >/var/log/looked-at/app.log; : >/var/log/looked-at/app.log.1`,
  warn: `head -c 6291456 /dev/zero >/small/large; for i in $(seq 60); do : >/small/$i; done
    printf '\\033[2J%s\\n' ${SECRET} >/tmp/said; echo 1 >/tmp/level
    chmod 644 /etc/looked-at.key
    { head -c 2500 /dev/zero | tr '\\0' x; echo; printf 'ERR 7 \\033[2J%s\\n' ${SECRET}; } >>/var/log/looked-at/app.log
    touch -d '@'$(($(date +%s) - 7300)) /var/log/looked-at/app.log
    touch -d '@'$(($(date +%s) - 900000)) /var/log/looked-at/app.log.1
    echo changed >>${app.root}/.env`,
  critical: `head -c 2600000 /dev/zero >>/small/large; for i in $(seq 61 90); do : >/small/$i; done
    echo 2 >/tmp/level; chown nobody /etc/looked-at.key
    { head -c 2500 /dev/zero | tr '\\0' x; echo; echo ERR 8; echo ERROR 9; } >>/var/log/looked-at/app.log
    touch -d '@'$(($(date +%s) - 20000)) /var/log/looked-at/app.log
    touch -d '@'$(($(date +%s) - 2000000)) /var/log/looked-at/app.log.1`,
};

const DAYS: Readonly<Record<Level, number>> = { ok: 60, warn: 10, critical: 2 };

const levelOf = ({ ok, warning }: CheckResult): Level => (ok ? (warning ? 'warn' : 'ok') : 'critical');

/** Each kind of check well, with a warning, and bad, as far as a host in a container can be made so. */
describe.each(drawn(...NAMES))('checks on %s', (name) => {
  let host: TestHost;
  let project: Project;
  const systemd = KINDS[name] === 'systemd';
  const step = story();

  beforeAll(async () => {
    host = await startHost(name, KINDS[name]);
    project = await fleetProject({
      ...app.parts,
      hosts: { it: host },
      units: { [app.unit]: app.parts.units?.[app.unit]?.replace('[Install]', 'MemoryMax=64M\n[Install]') ?? '' },
      env: { MARKER: SECRET },
      playbook: app.playbook(['it'], {
        tasks: [...app.playbook(['it']).tasks, { env: { from: 'secrets/app.env' } }],
      }),
    });
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await host?.[Symbol.asyncDispose]();
  });

  async function look(list: readonly object[], more: object = {}) {
    const tasks = [...app.playbook(['it']).tasks, { env: { from: 'secrets/app.env' } }];
    project.playbook(app.playbook(['it'], { tasks, health: list, ...more }));
    const run = await project.fleet('health', '--all');
    const { checks = [] } = only(run) as unknown as { checks?: readonly CheckResult[] };
    expect(run.stdout + run.stderr).not.toContain(SECRET);
    expect(JSON.stringify(checks)).not.toMatch(/\\u001b|PRIVATE/);
    return { code: run.code, checks, all: run.stdout + run.stderr };
  }

  step('says by itself how the app and its host are', { timeout: 240_000 }, async () => {
    const deployed = await project.fleet('deploy', '--all');
    expect({ code: deployed.code, ...only(deployed) }).toMatchObject({ code: 0, outcome: 'deployed' });
    const { checks, all } = await look([{ unit: app.unit }]);
    const labels = checks.map(({ check }) => check);
    // How full the machine under the containers is, and how its memory, is not this test's.
    const own = checks.filter(({ check }) => !/^(disk|inodes|memory)/.test(check));
    expect(
      own.filter((one) => levelOf(one) !== 'ok'),
      all,
    ).toEqual([]);
    expect(labels).toEqual([
      ...['deployed', `service ${app.unit}`, `unit ${app.unit}`, 'limits of the services'],
      ...['/opt/looked-at, /', '/opt/looked-at, /'].map((paths, i) => `${i === 0 ? 'disk' : 'inodes'} ${paths}`),
      ...['memory of the host', 'clock of the host', 'generation', '.env'],
    ]);
    const off = await look([{ unit: app.unit }, { disk: '/' }], { defaultChecks: { clock: false, memory: false } });
    expect(off.checks.map(({ check }) => check)).toEqual(
      labels
        .filter((label) => !/clock|memory/.test(label))
        .flatMap((label) => (label.startsWith('disk') ? ['disk /opt/looked-at'] : label))
        .toSpliced(3, 0, 'disk /'),
    );
    const nothing = await look([{ unit: app.unit }], { defaultChecks: false });
    expect(nothing.checks.map(({ check }) => check)).toEqual([`unit ${app.unit}`]);
  });

  /** Kinds that a host in a container cannot be made to have: no swap, no sensor, the clock of the machine. */
  const still = (check: string) => /^(swap|temperature|clock)/.test(check);
  /** Without systemd no service has a limit, nor is it known since when it is up. */
  const without = (check: string) => !systemd && (check === `memory ${app.unit}` || check.startsWith('unit '));

  for (const level of ['ok', 'warn', 'critical'] as const) {
    step(`finds each thing ${level}`, { timeout: 240_000 }, async () => {
      // A container without systemd may not mount by itself.
      if (level === 'ok') await asHost(host, `mkdir -p /small && ${MOUNT}`);
      await host.out(STATE[level]);
      await host.writeFile('/etc/looked-at.pem', certificate(DAYS[level]), 0o600);
      if (level === 'critical')
        await host.out(
          systemd
            ? `systemctl stop ${app.unit}`
            : `kill $(sed -n 's/^Supervisor=//p' /var/lib/fleet/looked-at/run/${app.unit}/status); sleep 3`,
        );
      const asked = health(level, app.unit);
      const { code, checks: own, all } = await look(asked, { defaultChecks: false });
      const found = Object.fromEntries(own.map((one) => [one.check, levelOf(one)]));
      const wanted = own.map(({ check }) => {
        const at = level !== 'critical' && without(check) ? 'ok' : still(check) ? 'ok' : level;
        // Of what is stopped nothing is in memory.
        return [check, check === `memory ${app.unit}` && level === 'critical' ? 'ok' : at];
      });
      expect(own, all).toHaveLength(asked.length);
      expect(found, own.map(({ check, detail }) => `${check}: ${detail}`).join('\n')).toEqual(
        Object.fromEntries(wanted),
      );
      expect(code).toBe(level === 'critical' ? 1 : 0);
      const read = own.flatMap(({ readings = [] }) => readings);
      expect(new Set(read.map(({ name }) => name)).size).toBe(read.length);
      expect(read.map(({ name }) => name)).toEqual(
        expect.arrayContaining([
          'disk /small',
          'inodes /small',
          'memory of the host',
          'load 5m',
          'certificate /etc/looked-at.pem',
        ]),
      );
    });
  }

  step('gives what it asks an end, whatever a check runs', { timeout: 240_000 }, async () => {
    const begun = Date.now();
    const slow = (words: string) => ({ command: { command: ['sh', '-c', words], timeout: '4s' } });
    const { checks } = await look(
      [
        slow('sleep 50'),
        slow('yes'),
        slow('yes $$ | head -c 30000000'),
        slow('sleep 40 & echo left'),
        { swap: { warn: 99 } },
      ],
      { defaultChecks: false },
    );
    const said = checks.slice(-5).map(({ ok, detail }) => [ok, detail]);
    expect(said[0]).toEqual([false, 'no end within 4s']);
    expect(said[1]).toEqual([false, 'no end within 4s']);
    expect(said[2]?.[0]).toBe(true);
    expect(said[3]?.[0]).toBe(true);
    expect(said[4]?.[0]).toBe(true);
    // One after the other they would take 16 seconds, and what is left behind 40.
    expect(Date.now() - begun).toBeLessThan(60_000);
  });
});
