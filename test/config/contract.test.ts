import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../src/config/diagnostics/diagnostic.ts';
import { loadProject } from '../../src/config/project.ts';
import { resolveTargets } from '../../src/config/resolve.ts';
import { EVERYTHING } from '../../src/config/select.ts';
import { callerIn, folderWith } from './project-folder.ts';

const INVENTORY = `
defaults: { user: root }
groups:
  vps:    { vars: { app_root: /opt/jarvis } }
  jetson: { become: sudo }
hosts:
  jarvis-main: { address: 72.61.7.126, groups: [vps] }
  clawdbot:    { address: srv1302498.hstgr.cloud, groups: [vps], runtime: auto }
  orin:        { address: 192.0.2.30, user: ubuntu, groups: [jetson], vars: { nvpmodel_mode: 0 } }
`;

const PLAYBOOK = `
name: jarvis
hosts: [vps]
root: /opt/jarvis
user: jarvis
vars: { mode: supervisor }
data: [logs, data, .lifeos]
keep: 5
deploy: { batch: 1, canary: 1, onFailure: stop, settle: 10s, deadline: 120s, confirm: per-host }
tasks:
  - user: { name: jarvis, home: /opt/jarvis, system: true }
  - packages: [python3, logrotate]
  - directories: [{ path: /var/log/jarvis, owner: jarvis, mode: "0750" }]
  - sync: { from: Jarvis, exclude: [.git, __pycache__, "*.pyc"] }
  - env: { from: secrets/jarvis.env, required: [TELEGRAM_BOT_TOKEN, XAI_API_KEY, HELIUS_API_KEY] }
  - files: [{ from: config/production.toml, to: config.toml, mode: "0640" }]
  - run: { command: [python3, -m, venv, .venv], creates: .venv }
  - units: { from: "units/jarvis/{{ mode }}", enable: [jarvis.service] }
  - logrotate: units/jarvis/jarvis.logrotate
health:
  - unit: jarvis.service
  - http: { url: "http://127.0.0.1:8000/health", status: 200 }
`;

const FILES = {
  'inventory/hosts.yaml': INVENTORY,
  'playbooks/jarvis.yaml': PLAYBOOK,
  'Jarvis/main.py': 'print()\n',
  'secrets/jarvis.env': 'TELEGRAM_BOT_TOKEN=111111\nXAI_API_KEY=222222\nHELIUS_API_KEY=333333\n',
  'config/production.toml': '[x]\n',
  'units/jarvis/supervisor/jarvis.service':
    '[Service]\nUser=jarvis\nExecStart=/usr/bin/python3 main.py\n\n[Install]\nWantedBy=multi-user.target\n',
  'units/jarvis/jarvis.logrotate': '/opt/jarvis/logs/*.log {\n  su jarvis jarvis\n  weekly\n}\n',
};

async function resolve(files: Readonly<Record<string, string>>) {
  await using folder = await folderWith(files);
  await chmod(join(folder.dir, 'secrets/jarvis.env'), 0o600);
  const project = await loadProject(folder.dir, { invoker: callerIn(folder.dir), sshConfigFile: 'none' });
  const result = project.ok ? await resolveTargets(project.value, EVERYTHING) : project;
  return result.ok ? result.value : result.failure.map(formatDiagnostic).join('\n');
}

describe('the project of the contract, with the real kinds of tasks and checks', () => {
  it('becomes targets with every task and check', async () => {
    const resolved = await resolve(FILES);
    if (typeof resolved === 'string') throw new Error(resolved);
    expect(resolved.warnings).toEqual([]);
    expect(resolved.targets.map(({ host, connection }) => [host, connection.user, connection.address])).toEqual([
      ['jarvis-main', 'root', '72.61.7.126'],
      ['clawdbot', 'root', 'srv1302498.hstgr.cloud'],
    ]);
    const [target] = resolved.targets;
    expect(target?.tasks.map(({ name }) => name)).toEqual(
      'user packages directories sync env files run units logrotate'.split(' ').map((kind, i) => `tasks.${i}.${kind}`),
    );
    expect(target?.checks).toHaveLength(2);
    expect(target?.layout).toEqual({
      root: '/opt/jarvis',
      current: '/opt/jarvis/current',
      app: 'jarvis',
      user: 'jarvis',
      data: ['logs', 'data', '.lifeos'],
    });
  });

  it('without one required secret is told which, and shows none', async () => {
    const text = await resolve({ ...FILES, 'secrets/jarvis.env': 'TELEGRAM_BOT_TOKEN=111111\nXAI_API_KEY=222222\n' });
    expect(text).toContain('playbooks/jarvis.yaml:15:5: ');
    expect(text).toContain('HELIUS_API_KEY');
    expect(text).not.toMatch(/111111|222222/);
  });

  it('with a mistyped unit in a health check is warned, and without a slip is not', async () => {
    const warnings = async (unit: string) => {
      const resolved = await resolve({
        ...FILES,
        'playbooks/jarvis.yaml': PLAYBOOK.replace('- unit: jarvis', `- unit: ${unit}`),
      });
      return typeof resolved === 'string' ? resolved : resolved.warnings.join();
    };
    expect(await warnings('javris')).toBe(
      'playbooks/jarvis.yaml: health checks javris.service, which no task enables; is jarvis.service meant?',
    );
    expect(await warnings('[docker.service, javris.service] #')).toContain('health checks javris.service');
    expect(await warnings('jarvis.service\n  - memory: { unit: [docker.service, javris.service] } #')).toContain(
      'health checks javris.service',
    );
    expect(await warnings('jarvis.service\n  - memory: jarvis.service #')).toBe('');
    expect(await warnings('docker')).toBe('');
  });

  it.each([
    ['disk: { warn: 95, critical: 90 }', ':19: warn must be below critical'],
    ['disk: { critical: 80 }', 'warn must be below critical (they are 85 and 95 when they are not set)'],
    ['certificate: { path: /a.pem, warn: 3d, critical: 7d }', ':40: warn must be above critical'],
    ['clock: { warn: 5 }', 'for example: warn: "10s"'],
    ['load: {}', 'load needs warn, critical or both'],
    ['logs: { path: /var/log/x*, patterns: [{ match: E, warn: 1 }] }', 'patterns need a path of one file'],
    ['logs: { path: /x, patterns: [{ match: "(", warn: 1 }] }', 'match must be an extended regular expression'],
    ['file: { path: /x, mode: 0600 }', 'for example: mode: "0600"'],
    ['ports: { open: [80], closed: [80] }', 'closed must not name 80, which open names too'],
    ['http: { url: "http://h/", expiry: { warn: 9d } }', 'expiry is of a certificate, and the URL has no https://'],
    ['unit: { name: a.service, task: { warn: 5 } }', 'did you mean "tasks"?'],
    ['disks: /', 'did you mean "disk"?'],
  ])('with a check that cannot be meant so, - %s, is told where and why', async (entry, why) => {
    const text = await resolve({
      ...FILES,
      'playbooks/jarvis.yaml': PLAYBOOK.replace('- unit: jarvis.service', `- ${entry}`),
    });
    expect(text).toContain('playbooks/jarvis.yaml:2');
    expect(text).toContain(why);
  });

  it('with a watch of its host tells which checks that one cannot ask, in a hint', async () => {
    const found = (deploy: string) =>
      resolve({ ...FILES, 'playbooks/jarvis.yaml': PLAYBOOK.replace(/^deploy:.*$/m, `deploy: ${deploy}`) });
    const plain = await found('{ watch: 15m }');
    expect(typeof plain === 'string' ? plain : plain.targets[0]?.policy.watch).toEqual({
      ...{ forMs: 900_000, everyMs: 15_000, restarts: 0, failures: 3 },
    });
    const long = await found('{ watch: { for: 2m, every: 5s, restarts: 1, failures: 2 } }');
    expect(typeof long === 'string' ? long : long.targets[0]?.policy.watch).toEqual({
      ...{ forMs: 120_000, everyMs: 5000, restarts: 1, failures: 2 },
    });
    const none = await found('{ settle: 1s }');
    expect(typeof none === 'string' ? none : none.targets[0]?.policy.watch).toBe(null);
    expect(await found('{ watch: 3s }')).toContain('must be 10s or longer');
    const asked = [
      ...['- http: "http://127.0.0.1:8000/"', '- tcp: 6379', '- command: ["true"]', '- unit: jarvis.service'],
      ...['- disk: /', '- http: "https://example.org/"', '- http: { url: "http://localhost/", json: { ok: true } }'],
    ].join('\n  ');
    const resolved = await resolve({
      ...FILES,
      'playbooks/jarvis.yaml': PLAYBOOK.replace('- unit: jarvis.service', asked).replace(
        /^deploy:.*$/m,
        'deploy: { watch: 15m }',
      ),
    });
    expect(typeof resolved === 'string' ? resolved : resolved.hints).toEqual([
      'playbooks/jarvis.yaml: deploy.watch looks at the services and at 4 of the health checks; the host cannot ask these alone: disk /; http https://example.org/; http http://localhost/',
    ]);
  });

  it.each([
    ['{}', 'must say what is done: heat, hung or both'],
    ['{ heat: { below: 3 } }', 'stop or throttle must be there'],
    ['{ heat: { throttle: 85, stop: 75 } }', 'throttle must be below stop'],
    ['{ hung: [{ unit: a.service, when: { disk: / } }] }', 'a host cannot ask this check alone'],
    ['{ heat: { stop: 85, qouta: 5% } }', 'did you mean "quota"?'],
  ])('with an act that cannot be meant so, %s, is told why', async (act, why) => {
    const text = await resolve({ ...FILES, 'playbooks/jarvis.yaml': `${PLAYBOOK}act: ${act}\n` });
    expect(text).toContain('playbooks/jarvis.yaml:');
    expect(text).toContain(why);
  });

  it('with an act has what its host does by itself, and without one nothing', async () => {
    const act = '{ heat: { throttle: 75, stop: 85 }, hung: [{ unit: jarvis.service, when: { tcp: 8000 } }] }';
    const rules = async (text: string) => {
      const resolved = await resolve({ ...FILES, 'playbooks/jarvis.yaml': text });
      return typeof resolved === 'string' ? resolved : resolved.targets[0]?.act;
    };
    expect(await rules(`${PLAYBOOK}act: ${act}\n`)).toEqual({
      everyMs: 10_000,
      heat: { throttle: 75, stop: 85, below: 5, quota: '50%', zones: [], units: [] },
      hung: [{ unit: 'jarvis.service', failures: 3, label: 'tcp 127.0.0.1:8000', words: ['ask_port', '8000'] }],
    });
    expect(await rules(PLAYBOOK)).toBe(null);
  });

  it('with a mistyped check of health’s own is told the nearest, and with a right one asks no other', async () => {
    const off = (what: string) => resolve({ ...FILES, 'playbooks/jarvis.yaml': `${PLAYBOOK}defaultChecks: ${what}\n` });
    expect(await off('{ disc: false }')).toContain('did you mean "disk"?');
    const labels = (found: Awaited<ReturnType<typeof off>>) =>
      typeof found === 'string' ? found : found.targets[0]?.defaultChecks.map(({ label }) => label);
    expect(labels(await off('{ disk: false, inodes: false, units: false, generation: false }'))).toEqual([
      ...['memory of the host', 'clock of the host', '.env'],
    ]);
    expect(labels(await off('false'))).toEqual([]);
    const unasked = (found: Awaited<ReturnType<typeof off>>) =>
      typeof found === 'string' ? found : found.targets[0]?.unasked;
    expect(unasked(await off('false'))).toEqual(['services', 'generation']);
    expect(unasked(await off('{ services: false, disk: false }'))).toEqual(['services']);
    expect(unasked(await off('true'))).toEqual([]);
  });

  it('with a mistyped task is told the nearest kind', async () => {
    const text = await resolve({ ...FILES, 'playbooks/jarvis.yaml': PLAYBOOK.replace('packages:', 'package:') });
    expect(text).toContain('unknown task "package"');
    expect(text).toContain('did you mean "packages"?');
  });

  it('with a missing value in a task is told which key', async () => {
    const text = await resolve({ ...FILES, 'playbooks/jarvis.yaml': PLAYBOOK.replace('{ from: Jarvis, ', '{ ') });
    expect(text).toContain('playbooks/jarvis.yaml:14:5: missing key "from"');
  });

  it('with an unquoted mode is told to quote it', async () => {
    const text = await resolve({ ...FILES, 'playbooks/jarvis.yaml': PLAYBOOK.replace('"0750"', '0750') });
    expect(text).toContain('in quotes it is text: "0750"');
  });

  it('with a wrong source of secrets is told the ways there are', async () => {
    const text = await resolve({
      ...FILES,
      'playbooks/jarvis.yaml': PLAYBOOK.replace('from: secrets/jarvis.env', 'from: 5'),
    });
    expect(text).toContain('playbooks/jarvis.yaml:15:18: from');
  });
});
