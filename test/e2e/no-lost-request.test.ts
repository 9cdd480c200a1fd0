import { afterAll, beforeAll, describe, expect } from 'vitest';
import { fleetProject, only, type Project } from './fleet.ts';
import { startHost, type TestHost } from './rig/index.ts';
import { story } from './story.ts';

const ROOT = '/opt/web';

/** More of them by hand: `FLEET_ROUNDS=100 npx vitest run --project hosts test/e2e/no-lost-request.test.ts`. */
const ROUNDS = Number(process.env.FLEET_ROUNDS ?? 4);

const SOCKET = '[Socket]\nListenStream=127.0.0.1:7100\n[Install]\nWantedBy=sockets.target\n';
const SERVICE = `[Unit]
StartLimitIntervalSec=0
[Service]
WorkingDirectory=${ROOT}/current
ExecStart=/usr/bin/python3 web.py
Restart=on-failure
RestartSec=1
TimeoutStopSec=10
[Install]
WantedBy=multi-user.target
`;

/** Answers what has come in when it is told to stop, and leaves the rest to the next one. */
const WEB = `import os, select, signal, socket, sys
version = open('VERSION').read().strip()
if version == 'broken': sys.exit(3)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
given = 'LISTEN_FDS' in os.environ
s = socket.socket(fileno=3) if given else socket.create_server(('127.0.0.1', 7100))
while signal.SIGTERM not in signal.sigpending():
    if not select.select([s], [], [], 0.05)[0]: continue
    c, _ = s.accept()
    c.recv(4096)
    c.sendall(f'HTTP/1.0 200 OK\\r\\n\\r\\n{version}'.encode())
    c.close()
`;

/** Asks all the time until a file goes, and says how many were answered, and how many were not. */
const LOAD = `import collections, os, socket, threading, time
seen = collections.Counter()
def ask():
    while os.path.exists('/tmp/load'):
        try:
            with socket.create_connection(('127.0.0.1', 7100), 90) as c:
                c.sendall(b'GET / HTTP/1.0\\r\\n\\r\\n')
                answer = b''
                while part := c.recv(4096): answer += part
            seen['answered' if b' 200 ' in answer else 'empty'] += 1
        except OSError as e:
            seen[type(e).__name__] += 1
        time.sleep(0.02)
open('/tmp/load', 'w').close()
threads = [threading.Thread(target=ask) for _ in range(4)]
for t in threads: t.start()
for t in threads: t.join()
print(' '.join(f'{k}={v}' for k, v in sorted(seen.items())))
`;

const playbook = (enable: readonly string[]) => ({
  ...{ name: 'web', root: ROOT, hosts: ['it'], deploy: { settle: '200ms', deadline: '60s' } },
  tasks: [{ sync: { from: 'app' } }, { units: { from: 'units', enable } }],
  health: [{ http: 'http://127.0.0.1:7100/' }],
});

describe('requests during deploys', () => {
  let host: TestHost;
  let project: Project;
  const step = story();
  const deploy = async (version: string) => {
    project.write('app/VERSION', `${version}\n`);
    return only(await project.fleet('deploy', '--all'));
  };
  /** What became of the requests that were made meanwhile. */
  const under = async (work: () => Promise<void>) => {
    const load = host.out('python3 /tmp/load.py', { timeoutMs: 3_600_000 });
    await work();
    await host.out('rm /tmp/load');
    return load;
  };

  beforeAll(async () => {
    host = await startHost('it', 'systemd');
    await host.out(`cat >/tmp/load.py <<'END'\n${LOAD}END`);
    project = await fleetProject({
      hosts: { it: host },
      playbook: playbook(['web.socket', 'web.service']),
      units: { 'web.service': SERVICE, 'web.socket': SOCKET },
      files: { 'app/VERSION': 'one\n', 'app/web.py': WEB },
    });
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await host?.[Symbol.asyncDispose]();
  });

  step(
    'are all answered where a socket holds them: deploys, a rollback, a version that does not start',
    { timeout: 3_600_000 },
    async () => {
      expect(await deploy('one')).toMatchObject({ outcome: 'deployed' });
      const inode = () => host.out(`ss -Hltne 'sport = :7100' | grep -o 'ino:[0-9]*'`);
      const socket = await inode();
      const asked = await under(async () => {
        for (let round = 0; round < ROUNDS; round += 1)
          expect(await deploy(`v${round}`)).toMatchObject({ outcome: 'deployed' });
        expect(only(await project.fleet('rollback', '--all', '--yes'))).toMatchObject({ outcome: 'rolled-back' });
        expect(await deploy('broken')).toMatchObject({ outcome: 'reverted', failure: { kind: 'not-settled' } });
      });
      const unusual = await host.out(
        `journalctl -q -o short-precise -u web.socket -u web.service | grep -Ev ': (Start|Stopp)(ed|ing) ' | tail -n 40; true`,
      );
      expect(asked, unusual).toMatch(/^answered=\d+$/);
      expect(Number(asked.replace('answered=', ''))).toBeGreaterThan(20 * ROUNDS);
      expect(await inode()).toBe(socket);
    },
  );

  step('are refused without one, and the run says for how long', { timeout: 600_000 }, async () => {
    project.playbook(playbook(['web.service']));
    expect(await deploy('alone')).toMatchObject({ outcome: 'deployed' });
    const run: { away: unknown }[] = [];
    const asked = await under(async () => {
      project.write('app/VERSION', 'refused\n');
      const ended = await project.fleet('deploy', '--all');
      run.push(...ended.events.flatMap((event) => (event.type === 'away' ? [{ away: event.ms }] : [])));
    });
    expect(asked).toContain('ConnectionRefusedError=');
    expect(run).toEqual([{ away: expect.any(Number) }]);
  });
});
