import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { fleetProject, only, type Run } from '../fleet.ts';
import { tcpProxy } from '../rig/index.ts';
import { ask, copies, eventually, KEYS, markOf, playbook, ROOT, type Stage, sample, TASKS, UNIT } from '../samples.ts';
import { story } from '../story.ts';

const planned = (run: Run) => {
  const event = run.events.find(({ type }) => type === 'planned');
  return (event?.plan as { to: string; changes: { sign: string; text: string }[] } | undefined) ?? null;
};
const changes = (run: Run) => planned(run)?.changes.map(({ sign, text }) => `${sign} ${text}`);

/** Everything that a deploy may touch, with every inode's times. */
const WATCHED = '/opt /etc/systemd /etc/passwd /etc/group /etc/crontab /var/spool/cron /var/lib/fleet /etc/rc.local';
const TIMES = `find ${WATCHED} ! -path '*/data*' ! -path '*/logs*' ! -path '*/.lifeos*' ! -path '*/run/*' -exec stat -c '%n %f %u %g %s %Y %Z %i' {} + 2>/dev/null | sort`;

export const lifecycle = ({ name, systemd, host, project }: Stage) => {
  const step = story();
  const live = () => host().out(`readlink ${ROOT}/current`);
  const deploy = async () => {
    const run = await project().fleet('deploy', '--all');
    return { ...only(run), code: run.code, run };
  };

  step('the first deploy is live, and the service really serves as its own user', async () => {
    expect(await deploy()).toMatchObject({ code: 0, failure: null, outcome: 'deployed', generation: 1 });
    const answer = await ask(host());
    expect(answer).toMatchObject({ version: '1.0.0', config: markOf('one') });
    expect(await host().out(`stat -c %U /proc/${answer.pid}`)).toBe('jarvis');
    expect(await live()).toBe('releases/1');
    if (systemd) expect(await host().out(`systemctl is-enabled ${UNIT}`)).toBe('enabled');
    expect((await project().fleet('health', '--all')).code).toBe(0);
  });

  step('the release belongs to root and its group, and the app cannot write in it', async () => {
    expect(await host().out(`find ${ROOT}/releases/1 ! -type l \\( ! -user root -o ! -group jarvis \\)`)).toBe('');
    const asApp = (command: string) => host().sh(command, { user: 'jarvis' });
    for (const path of ['x', 'bots/x', 'VERSION'])
      expect(await asApp(`: >>${ROOT}/current/${path}`)).not.toMatchObject({ code: 0 });
    expect(await asApp(`: >>${ROOT}/releases/x`)).not.toMatchObject({ code: 0 });
    expect(await asApp(`cat ${ROOT}/current/VERSION`)).toMatchObject({ code: 0, stdout: '1.0.0\n' });
    expect(await asApp('ls /var/lib/fleet/jarvis')).not.toMatchObject({ code: 0 });
  });

  step('data folders stand under the root, are linked into the release, and the app can write in them', async () => {
    for (const folder of ['logs', 'data', '.lifeos']) {
      expect(await host().out(`readlink -f ${ROOT}/current/${folder}`)).toBe(`${ROOT}/${folder}`);
      expect(await host().out(`stat -c '%U %a' ${ROOT}/${folder}`)).toBe('jarvis 750');
      expect(await host().sh(`: >${ROOT}/current/${folder}/kept`, { user: 'jarvis' })).toMatchObject({ code: 0 });
    }
  });

  step(
    'a deploy without changes says so, writes nothing at all, and takes one connection with one command',
    async () => {
      await using proxy = await tcpProxy(host());
      await using viaProxy = await fleetProject({
        ...sample(name),
        hosts: { [name]: { host: host(), fields: { port: proxy.port } } },
      });
      if (systemd) await countSessions();
      const before = await host().out(TIMES);
      const { pid } = await ask(host());
      const run = await viaProxy.fleet('deploy', '--all');
      expect(run.code).toBe(0);
      expect(only(run)).toMatchObject({ outcome: 'unchanged', generation: 1 });
      expect(await host().out(TIMES)).toBe(before);
      expect(before).toContain('/var/lib/fleet/jarvis/state');
      expect((await ask(host())).pid).toBe(pid);
      expect(proxy.connections).toBe(1);
      if (systemd) expect(await sessions()).toEqual([expect.stringContaining('command for root')]);
    },
  );

  step('the command runs what an earlier start of it compiled, and keeps it for its own user', async () => {
    const cache = join(project().home, '.cache');
    const check = async () => {
      expect((await project().start(['check'], { XDG_CACHE_HOME: cache }).ended).code).toBe(0);
      const kept = readdirSync(join(cache, 'fleet')).filter((file) => file.startsWith('code-'));
      return kept.map((file) => statSync(join(cache, 'fleet', file))).map(({ ino, mode }) => ({ ino, mode }));
    };
    const first = await check();
    expect(first).toEqual([{ ino: expect.any(Number), mode: 0o100600 }]);
    // It would be written anew if any of it had been refused.
    expect(await check()).toEqual(first);
  });

  /** Makes sshd say what is run in a session; dropbear cannot, and without systemd its words are hard to come by. */
  const countSessions = () =>
    host().out(
      'echo LogLevel VERBOSE >/etc/ssh/sshd_config.d/verbose.conf && systemctl reload ssh && journalctl --rotate --vacuum-time=1s -q',
    );
  const sessions = async () =>
    (await host().out('journalctl -t sshd -t sshd-session -o cat | grep "Starting session"')).split('\n');

  step('one changed file makes a new generation with that file and the service restarted on it', async () => {
    const before = await ask(host());
    const inodes = await host().out(TIMES);
    project().write('app/VERSION', '1.1.0\n');
    const done = await deploy();
    // What shows that nothing was written does show it when something was.
    expect(await host().out(TIMES)).not.toBe(inodes);
    expect(done).toMatchObject({ code: 0, failure: null, outcome: 'deployed', generation: 2 });
    expect(changes(done.run)).toEqual(['~ code .']);
    const after = await ask(host());
    expect(after.version).toBe('1.1.0');
    expect(after.pid).not.toBe(before.pid);
    expect(await host().out(`cat ${ROOT}/releases/1/VERSION ${ROOT}/data/kept`)).toBe('1.0.0');
  });

  step('a changed setting reaches the running service', async () => {
    project().env({ ...KEYS, JARVIS_MARKER: 'two' });
    const done = await deploy();
    expect(done).toMatchObject({ code: 0, failure: null, outcome: 'deployed', generation: 3 });
    expect(changes(done.run)).toEqual(['~ .env']);
    expect((await ask(host())).config).toBe(markOf('two'));
  });

  step('a changed drop-in reaches the running service', async () => {
    project().write(`units/${UNIT}.d/fast.conf`, '[Service]\nRestartSec=1\nTimeoutStopSec=5\nNice=7\n');
    expect(await deploy()).toMatchObject({ code: 0, failure: null, outcome: 'deployed', generation: 4 });
    const { pid } = await ask(host());
    expect(await host().out(`sed 's/.*) //' /proc/${pid}/stat | cut -d' ' -f17`)).toBe('7');
  });

  const extra = `${ROOT}/data/extra`;
  const running = `p=$(cat ${extra}) && kill -0 $p && tr '\\0' ' ' </proc/$p/cmdline | grep -q ticker && echo $p`;

  step('an added unit starts and is enabled', async () => {
    project().write(
      'units/ticker.service',
      `[Service]\nUser=jarvis\nWorkingDirectory=${ROOT}/data\nExecStart=/bin/sh -c 'echo $$$$ >extra; while :; do sleep 1; done # ticker'\n[Install]\nWantedBy=multi-user.target\n`,
    );
    const tasks = [...TASKS.slice(0, 3), { units: { from: 'units', enable: [UNIT, 'ticker.service'] } }];
    project().playbook(playbook([name], { tasks }));
    expect(await deploy()).toMatchObject({ code: 0, failure: null, outcome: 'deployed', generation: 5 });
    await host().out(running);
    if (systemd) expect(await host().out('systemctl is-enabled ticker.service')).toBe('enabled');
  });

  step('a unit that the playbook no longer has is stopped, disabled and gone', async () => {
    const pid = await host().out(running);
    project().remove('units/ticker.service');
    project().playbook(playbook([name]));
    expect(await deploy()).toMatchObject({ code: 0, failure: null, outcome: 'deployed', generation: 6 });
    expect((await host().sh(`kill -0 ${pid}`)).code).not.toBe(0);
    if (!systemd) return;
    expect(await host().out('find /etc/systemd -name "ticker*"')).toBe('');
    expect(await host().out('systemctl show -p LoadState --value ticker.service')).toBe('not-found');
  });

  if (systemd)
    step('a unit that was edited by hand is shown by plan and put right by deploy', async () => {
      const file = `/etc/systemd/system/${UNIT}`;
      const before = await host().out(`sha256sum ${file}`);
      await host().out(`sed -i 's/^Restart=.*/Restart=no/' ${file} && systemctl daemon-reload`);
      const plan = await project().fleet('plan', '--all', '--exit-code');
      expect(plan.code).toBe(5);
      expect(changes(plan)).toEqual([`! ${file} was changed by hand`]);
      expect(await deploy()).toMatchObject({ code: 0, failure: null, outcome: 'deployed', generation: 6 });
      expect(await host().out(`sha256sum ${file}`)).toBe(before);
      expect(await host().out(`systemctl show -p Restart --value ${UNIT}`)).toBe('always');
      expect(await deploy()).toMatchObject({ outcome: 'unchanged' });
    });

  if (systemd)
    step(
      'a setting that somebody made on the host beside fleet is told by plan and status, and left alone',
      async () => {
        await host().out(`systemctl set-property ${UNIT} CPUWeight=77`);
        const file = `/etc/systemd/system.control/${UNIT}.d/50-CPUWeight.conf`;
        const plan = await project().human('plan', '--all', '--exit-code');
        expect(plan.code).toBe(0);
        expect(plan.stdout).toContain(`${file} changes ${UNIT} and is not from fleet`);
        expect((await project().human('status', '--all')).stdout.replaceAll(/\s+/g, ' ')).toContain(
          `${file} changes ${UNIT}`,
        );
        await host().out(`rm ${file} && systemctl daemon-reload`);
        expect((await project().human('plan', '--all')).stdout).not.toContain('is not from fleet');
      },
    );

  step('a service that was stopped by hand is shown by health and plan and started by deploy', async () => {
    const [pid] = await host()
      .out(`cat /var/lib/fleet/jarvis/run/${UNIT}/status 2>/dev/null | sed -n 's/^Supervisor=//p'; true`)
      .then((s) => [Number(s)]);
    await host().out(
      systemd ? `systemctl stop ${UNIT}` : `kill ${pid}; while kill -0 ${pid} 2>/dev/null; do sleep 0.1; done`,
    );
    expect(await copies(host())).toEqual([]);
    const health = await project().fleet('health', '--all');
    expect(health.code).toBe(1);
    expect(only(health)).toMatchObject({ outcome: 'unhealthy', generation: 6 });
    const [plugin, metrics] = await Promise.all(
      ['nagios', 'prometheus'].map((format) => project().start(['health', '--all', '--format', format]).ended),
    );
    expect(plugin).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/^FLEET CRITICAL - 1 host: 1 unhealthy \| /),
    });
    expect(metrics).toMatchObject({ code: 1, stdout: expect.stringMatching(/^fleet_healthy\{.*\} 0$/m) });
    const plan = await project().fleet('plan', '--all', '--exit-code');
    expect(plan.code).toBe(5);
    expect(changes(plan)?.join()).toContain(`! ${UNIT} is inactive`);
    expect(await deploy()).toMatchObject({ code: 0, failure: null, outcome: 'deployed', generation: 6 });
    expect((await ask(host())).config).toBe(markOf('two'));
    expect(await deploy()).toMatchObject({ outcome: 'unchanged' });
  });

  step('a required key that is missing is a usage error, and no host is contacted', async () => {
    await using proxy = await tcpProxy(host());
    const { XAI_API_KEY: _, ...rest } = KEYS;
    await using broken = await fleetProject({
      ...sample(name),
      env: rest,
      hosts: { [name]: { host: host(), fields: { port: proxy.port } } },
    });
    const run = await broken.fleet('deploy', '--all');
    expect(run).toMatchObject({ code: 2, summary: { exitCode: 2, hosts: [] } });
    expect(run.stderr).toContain('XAI_API_KEY');
    for (const secret of [KEYS.TELEGRAM_BOT_TOKEN, KEYS.HELIUS_API_KEY])
      expect(run.stdout + run.stderr).not.toContain(secret);
    expect(proxy.connections).toBe(0);
    // The proxy does count: a read-only command through it is one connection.
    await broken.fleet('health', '--all');
    expect(proxy.connections).toBe(1);
  });

  step('a build command runs in the release as the service user, and what it made belongs to root', async () => {
    const build = 'id -un >built-by && pwd >built-in && mkdir out && echo 1 >out/artifact';
    const tasks = [...TASKS, { run: { command: ['sh', '-c', build] } }];
    project().playbook(playbook([name], { tasks }));
    expect(await deploy()).toMatchObject({ code: 0, failure: null, outcome: 'deployed', generation: 7 });
    expect(await host().out(`cat ${ROOT}/current/built-by ${ROOT}/current/built-in`)).toBe(
      `jarvis\n${ROOT}/releases/7`,
    );
    expect(await host().out(`find ${ROOT}/releases/7 ! -type l \\( ! -user root -o ! -group jarvis \\)`)).toBe('');
    expect(await host().out(`find ${ROOT}/releases/7 ! -type l -perm -022`)).toBe('');
  });

  step('a reboot brings the service back by itself', async () => {
    const before = await ask(host());
    await host().reboot();
    const after = await eventually(() => ask(host()));
    expect(after.config).toBe(before.config);
    const health = await eventually(async () => {
      const run = await project().fleet('health', '--all');
      if (run.code !== 0) throw new Error(run.stdout);
      return only(run);
    });
    expect(health).toMatchObject({ outcome: 'healthy', generation: 7 });
    expect(await deploy()).toMatchObject({ outcome: 'unchanged' });
  });
};
