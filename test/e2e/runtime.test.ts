import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetProject, only, type Project } from './fleet.ts';
import { drawn, type Hosts, startHosts } from './rig/index.ts';
import { ask, copies, eventually, furnish, KINDS, mostCopies, NAMES, record, sample, UNIT } from './samples.ts';
import { unrecorded } from './stories/unrecorded.ts';
import { story } from './story.ts';

let hosts: Hosts<typeof KINDS>;

beforeAll(async () => {
  hosts = await startHosts(KINDS);
});
afterAll(async () => {
  await hosts?.[Symbol.asyncDispose]();
});

const STATUS = `/var/lib/fleet/jarvis/run/${UNIT}/status`;

const PLAYED = drawn(...NAMES);
describe.each(PLAYED)('on %s', (name) => {
  const step = story();
  const systemd = KINDS[name] === 'systemd';
  const host = () => hosts[name];
  let project: Project;

  beforeAll(async () => {
    await furnish(host());
    project = await fleetProject({ ...sample(name), hosts: { [name]: host() } });
    expect((await project.fleet('deploy', '--all')).code).toBe(0);
  });
  afterAll(() => project?.[Symbol.asyncDispose]());

  step('a service that is killed comes back by itself, once', async () => {
    const before = await ask(host());
    await host().out(`kill -9 ${before.pid}`);
    const after = await eventually(() => ask(host()));
    expect(after.pid).not.toBe(before.pid);
    expect(await copies(host())).toEqual([after.pid]);
    expect((await project.fleet('health', '--all')).code).toBe(0);
  });

  if (!systemd)
    step(
      'when the supervisor is killed the service lives on, health says so, and deploy puts it right with never two copies',
      async () => {
        const { pid } = await ask(host());
        await host().out(`kill -9 $(sed -n 's/^Supervisor=//p' ${STATUS})`);
        expect((await ask(host())).pid).toBe(pid);

        const health = await project.fleet('health', '--all');
        expect(health.code).toBe(1);
        expect(only(health)).toMatchObject({ outcome: 'unhealthy' });
        expect(JSON.stringify(only(health).failure)).toContain('orphaned');

        const most = await mostCopies(host(), async () => {
          const run = await project.fleet('deploy', '--all');
          expect({ code: run.code, ...only(run) }).toMatchObject({
            code: 0,
            failure: null,
            outcome: 'deployed',
            generation: 1,
          });
        });
        expect(most).toBe(1);
        const after = await ask(host());
        expect(after.pid).not.toBe(pid);
        expect(await copies(host())).toEqual([after.pid]);
        expect((await project.fleet('health', '--all')).code).toBe(0);

        // And the new supervisor does its work.
        await host().out(`kill -9 ${after.pid}`);
        await eventually(() => ask(host()));
      },
    );

  step('(the count of copies does see a second one)', async () => {
    const program =
      'mkdir -p bots && echo "import time; time.sleep(5)" >bots/supervisor.py && exec /usr/bin/python3 bots/supervisor.py';
    const command = name === 'tiny' ? 'httpd -f -p 127.0.0.1:8001' : `(cd /tmp && ${program})`;
    const most = await mostCopies(host(), async () => {
      await host().out(`${command} & sleep 1; kill $!`);
    });
    expect(most).toBe(2);
  });

  step('two operators at once: one wins, the other is told why, and the host is whole', async () => {
    await using first = await fleetProject({ ...sample(name), hosts: { [name]: host() } });
    await using second = await fleetProject({ ...sample(name), hosts: { [name]: host() } });
    first.write('app/VERSION', '7.0.0\n');
    second.write('app/VERSION', '8.0.0\n');
    const ran = await Promise.all(
      [first, second].map(async (project) => ({ project, run: await project.fleet('deploy', '--all') })),
    );
    const [won, lost] = ran.sort((a, b) => a.run.code - b.run.code);
    if (won === undefined || lost === undefined) throw new Error('two runs have two ends');
    expect({ code: won.run.code, ...only(won.run) }).toMatchObject({ code: 0, failure: null, outcome: 'deployed' });
    expect(lost.run.code).toBe(3);
    expect(only(lost.run).outcome).toBe('untouched');
    expect(['locked', 'base-moved']).toContain(only(lost.run).failure?.kind);

    const version = won.project === first ? '7.0.0' : '8.0.0';
    expect(await ask(host())).toMatchObject({ version });
    expect(await host().out('cat /opt/jarvis/current/VERSION')).toBe(version);
    expect(await copies(host())).toHaveLength(1);
    const records = await host().out('ls -A /var/lib/fleet/jarvis/generations | grep -vx 0');
    expect(await host().out('ls -A /opt/jarvis/releases')).toBe(records);
    expect((await project.fleet('health', '--all')).code).toBe(0);

    // The loser may try again, and then wins.
    expect(only(await lost.project.fleet('deploy', '--all'))).toMatchObject({ outcome: 'deployed' });
  });

  unrecorded({ name, systemd, host, project: () => project });
});

describe('an app without root', () => {
  const step = story();
  const ROOT = '/home/plainuser/app';
  const STATE = `${ROOT}/.fleet`;
  const unit = `[Service]
WorkingDirectory=${ROOT}/current
EnvironmentFile=${ROOT}/.env
ExecStart=/usr/bin/python3 serve.py
Restart=always
RestartSec=1
[Install]
WantedBy=default.target
`;
  const serve = `import http.server, os
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write((os.environ["WORD"] + open("VERSION").read()).encode())
http.server.HTTPServer(("127.0.0.1", 9000), H).serve_forever()
`;

  it.each(['web', 'edge'] as const)(
    'on %s: deploy, revert, rollback and health all work, and nothing outside its folder changes',
    async (name) => {
      const host = hosts[name];
      await using project = await fleetProject({
        hosts: { [name]: { host, fields: { user: 'plainuser', become: 'none', runtime: 'nohup' } } },
        playbook: {
          name: 'small',
          hosts: [name],
          root: ROOT,
          data: ['data'],
          deploy: { settle: '1s', deadline: '25s' },
          tasks: [
            { sync: { from: 'app' } },
            { env: { from: 'secrets/app.env' } },
            { units: { from: 'units', enable: ['small.service'] } },
          ],
          health: [{ http: { url: 'http://127.0.0.1:9000/', contains: 'hello', retryFor: '3s' } }],
        },
        units: { 'small.service': unit },
        files: { 'app/serve.py': serve, 'app/VERSION': '1' },
        env: { WORD: 'hello' },
      });
      const said = () =>
        host.out(
          `python3 -c 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:9000/", timeout=3).read().decode())'`,
        );
      const before = (await record(host)).filter((line) => !line.includes('/crontabs'));

      const run = await project.fleet('deploy', '--all');
      expect({ code: run.code, ...only(run) }).toMatchObject({
        code: 0,
        failure: null,
        outcome: 'deployed',
        generation: 1,
      });
      expect(await said()).toBe('hello1');
      expect(await host.out(`stat -c '%a %U' ${ROOT}/.env ${STATE}`)).toBe('600 plainuser\n700 plainuser');
      expect(await host.out(`find ${ROOT} ! -user plainuser; ls -d /var/lib/fleet/small 2>/dev/null; true`)).toBe('');
      expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ outcome: 'unchanged' });

      project.write('app/VERSION', '2');
      expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ outcome: 'deployed', generation: 2 });
      await host.out(`mv ${STATE}/generations/2 ${STATE}/away`);
      expect(only(await project.fleet('plan', '--all')).failure).toMatchObject({ kind: 'unrecorded', newest: 1 });
      // What supervisors write is gone as well: they are found.
      await host.out(`mv ${STATE}/away ${STATE}/generations/2; rm -r ${STATE}/run`);
      project.write('app/serve.py', 'raise SystemExit(3)\n');
      const broken = await project.fleet('deploy', '--all');
      expect({ code: broken.code, ...only(broken) }).toMatchObject({ code: 1, outcome: 'reverted', generation: 2 });
      expect(await said()).toBe('hello2');
      expect(only(await project.fleet('rollback', '--all'))).toMatchObject({ outcome: 'rolled-back', generation: 1 });
      expect(await said()).toBe('hello1');
      expect((await project.fleet('health', '--all')).code).toBe(0);
      expect((await record(host)).filter((line) => !line.includes('/crontabs'))).toEqual(before);
    },
  );

  step('on edge: its own crontab brings it back after a reboot', async () => {
    const host = hosts.edge;
    expect(await host.out('crontab -l -u plainuser')).toContain('@reboot');
    await host.reboot();
    const said = await eventually(() =>
      host.out(
        `python3 -c 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:9000/", timeout=3).read().decode())'`,
      ),
    );
    expect(said).toBe('hello1');
    // The other app is there where its story was played on this host.
    const other = PLAYED.includes('edge') ? ['jarvis'] : [];
    // Each is started by a line of its own at boot, and neither waits for the other.
    await eventually(async () =>
      expect((await host.out('ps -o user= -C python3 | sort')).split('\n')).toEqual([...other, 'plainuser']),
    );
  });
});
