import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe } from 'vitest';
import { fleetProject, type Project, type ProjectParts } from './fleet.ts';
import { drawn, type Hosts, type KindName, startHosts, type TestHost } from './rig/index.ts';

/** The three kinds of hosts that behaviour is shown on, each with the name of its host. */
export const KINDS = { web: 'systemd', edge: 'plain', tiny: 'busybox' } as const;
export type Name = keyof typeof KINDS;
export const NAMES = ['web', 'edge', 'tiny'] as const satisfies readonly Name[];

/** Older and newer systemd than the 252 of Debian 12: 247 and 257. */
export const OTHER_DEBIANS = { eleven: 'systemd-bullseye', thirteen: 'systemd-trixie' } as const;

export const UNIT = 'jarvis.service';
export const ROOT = '/opt/jarvis';

const repository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Waits short enough for tests; everything else is the unit that comes with fleet. */
const FAST = '[Service]\nRestartSec=1\nTimeoutStartSec=6\nTimeoutStopSec=5\n';

/** The stand-in where there is no python: the same files, settings, faults and answers. */
const SERVE = `#!/bin/sh
fault=\${JARVIS_FAULT:-}
[ "$fault" != exit-at-start ] || { echo "supervisor: JARVIS_FAULT=$fault" >&2; exit 1; }
mkdir -p data/www && : >>logs/supervisor.log || exit 1
config=$(printf %s "\${JARVIS_MARKER:-}" | sha256sum | cut -d' ' -f1)
printf '{"ok": true, "version": "%s", "pid": %s, "config": "%s"}\\n' "$(cat VERSION)" "$$" "$config" >data/www/health
[ "$fault" != http-500 ] || rm data/www/health
case $fault in
  exit-after:*)
    httpd -f -p 127.0.0.1:8000 -h data/www &
    sleep "\${fault#*:}"
    echo "supervisor: JARVIS_FAULT=$fault" >&2
    exit 1
    ;;
esac
exec httpd -f -p 127.0.0.1:8000 -h data/www
`;

const TINY_UNIT = `[Unit]
Description=A small stand-in without python

[Service]
User=jarvis
WorkingDirectory=/opt/jarvis/current
EnvironmentFile=/opt/jarvis/.env
ExecStart=/bin/sh bots/serve.sh
Restart=always

[Install]
WantedBy=multi-user.target
`;

export const KEYS = {
  TELEGRAM_BOT_TOKEN: 'canary-telegram-7f3a',
  XAI_API_KEY: 'canary-xai-91c4',
  HELIUS_API_KEY: 'canary-helius-e20b',
  JARVIS_MARKER: 'one',
} as const;

const base = {
  name: 'jarvis',
  root: ROOT,
  user: 'jarvis',
  data: ['logs', 'data', '.lifeos'],
  deploy: { settle: '1s', deadline: '25s' },
};

export const TASKS = [
  { user: { name: 'jarvis', home: ROOT, system: true } },
  { sync: { from: 'app', exclude: ['__pycache__', '*.pyc'] } },
  { env: { from: 'secrets/app.env', required: ['TELEGRAM_BOT_TOKEN', 'XAI_API_KEY', 'HELIUS_API_KEY'] } },
  { units: { from: 'units', enable: [UNIT] } },
] as const;

export const HEALTH = [
  { unit: UNIT },
  { http: { url: 'http://127.0.0.1:8000/health', status: 200, retryFor: '2s' } },
] as const;

/** A playbook for the named hosts; `changes` replace whole keys. */
export const playbook = (hosts: readonly string[], changes: object = {}) => ({
  ...base,
  hosts,
  tasks: TASKS,
  health: HEALTH,
  ...changes,
});

/** jarvis where there is python, its stand-in where there is none: same names, same answers. */
export function sample(name: string): Omit<ProjectParts, 'hosts'> {
  const common = { playbook: playbook([name]), env: KEYS };
  if (name === 'tiny') {
    return {
      ...common,
      units: { [UNIT]: TINY_UNIT, [`${UNIT}.d/fast.conf`]: FAST },
      files: { 'app/bots/serve.sh': SERVE, 'app/VERSION': '1.0.0\n' },
    };
  }
  return {
    ...common,
    appDir: repository('test/apps/jarvis'),
    units: {
      [UNIT]: readFileSync(repository('units/jarvis/supervisor/jarvis.service'), 'utf8'),
      [`${UNIT}.d/fast.conf`]: FAST,
    },
    files: { 'app/VERSION': '1.0.0\n' },
  };
}

type Kinds = Readonly<Record<string, KindName>>;
export type Stage = {
  readonly name: string;
  readonly systemd: boolean;
  host(): TestHost;
  project(): Project;
};

/** Tells one story on each kind of host, with the sample as its project: what one test leaves the next one finds. */
export function onEach(kinds: Kinds, tell: (stage: Stage) => void): void {
  const stages = drawn(...Object.entries(kinds));
  let hosts: Hosts<Kinds>;
  beforeAll(async () => {
    hosts = await startHosts(Object.fromEntries(stages));
  });
  afterAll(() => hosts?.[Symbol.asyncDispose]());

  describe.each(stages)('on %s', (name, kind) => {
    let project: Project;
    const host = () => hosts[name] as TestHost;
    beforeAll(async () => {
      await furnish(host());
      project = await fleetProject({ ...sample(name), hosts: { [name]: host() } });
    });
    afterAll(() => project?.[Symbol.asyncDispose]());
    tell({ name, systemd: kind.startsWith('systemd'), host, project: () => project });
  });
}

export type Answer = { readonly version: string; readonly config: string; readonly pid: number };

const ASK = `
if command -v python3 >/dev/null; then
  python3 -c 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:8000/health", timeout=3).read().decode())'
else
  printf 'GET /health HTTP/1.0\\r\\n\\r\\n' | nc 127.0.0.1 8000 | grep '"ok": true'
fi`;

/** What the service itself says, asked from inside the host; throws when it does not answer 200. */
export const ask = async (host: TestHost): Promise<Answer> => JSON.parse(await host.out(ASK));

/** `config` in the answer of a service that runs with this marker. */
export const markOf = (marker: string) => createHash('sha256').update(marker).digest('hex');

/** Makes the busybox host one that the sample can be deployed to: it has no adduser, and boots by /etc/rc.local. */
export async function furnish(host: TestHost): Promise<void> {
  if (host.kind !== 'busybox') return;
  await host.writeFile('/etc/rc.local', '#!/bin/sh\n', 0o755);
  await host.out(`echo 'jarvis:x:990:990::/opt/jarvis:/sbin/nologin' >>/etc/passwd
    echo 'jarvis:x:990:' >>/etc/group
    echo 'jarvis:!:19000:0:99999:7:::' >>/etc/shadow`);
}

/** What of a host makes up the live version, byte for byte: units, links, settings, and what starts it at boot. */
export function record(host: TestHost): Promise<string[]> {
  const boot = ['/var/spool/cron', '/etc/rc.local', '/etc/crontab', '/etc/passwd', '/etc/group'];
  return host.manifest([`${ROOT}/current`, `${ROOT}/.env`, '/etc/systemd', '/etc/logrotate.d', ...boot]);
}

/**
 * Processes of the app with their parents. Without a process of its own for each that it looks at, since it is run all the
 * time while the host is at work; what the shell reads is without the zeros that end each word.
 */
const COPIES = `cd /proc; for p in [0-9]*; do
    line=; read -r line <$p/cmdline
    case $line in /usr/bin/python3bots/supervisor.py* | httpd-f* | /bin/shbots/serve.sh* | busyboxhttpd-f*) ;; *) continue ;; esac
    while read -r key value; do [ "$key" != PPid: ] || echo "$p $value"; done <$p/status
  done 2>/dev/null; true`;

/** Process ids of the app, whoever started it. */
export async function copies(host: TestHost): Promise<number[]> {
  const found = (await host.out(COPIES)).split('\n').filter(Boolean);
  const pairs = found.map((line) => line.split(' ').map(Number));
  // busybox's httpd answers each request in a child of its own.
  return pairs.flatMap(([pid = 0, parent]) => (pairs.some(([other]) => other === parent) ? [] : [pid]));
}

/** Repeats a look until it no longer throws; throws what it threw last when the time is up. */
export async function eventually<T>(look: () => Promise<T>, timeoutMs = 15_000): Promise<T> {
  for (const end = Date.now() + timeoutMs; ; ) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((done) => setTimeout(done, 250));
    }
  }
}

/** The most copies of the app that lived at one time while something was done; runtime.test.ts shows that it sees a second one. */
export async function mostCopies(host: TestHost, during: () => Promise<void>): Promise<number> {
  let most = 0;
  let over = false;
  const watching = (async () => {
    while (!over) {
      most = Math.max(most, (await copies(host)).length);
      // The host has other work.
      await new Promise((done) => setTimeout(done, 20));
    }
  })();
  await during().finally(() => {
    over = true;
  });
  await watching;
  return most;
}
