import { readFileSync } from 'node:fs';
import { Client, type ClientChannel } from 'ssh2';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { fleetProject, only, type Project } from '../fleet.ts';
import { little, wholeOf } from '../little.ts';
import { drawn, type Hosts, startHosts, type TestHost } from '../rig/index.ts';
import { eventually } from '../samples.ts';
import { story } from '../story.ts';

const KINDS = { web: 'systemd', edge: 'plain', tiny: 'busybox' } as const;
let hosts: Hosts<typeof KINDS>;
beforeAll(async () => {
  hosts = await startHosts(KINDS);
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

const USER = 'plainuser';
const CRONTAB = `/var/spool/cron/crontabs/${USER}`;
const SECRET = 'canary-by-hand-9d1';

/** A person's own terminal on a host. */
async function terminal(host: TestHost): Promise<AsyncDisposable & { type(line: string): void }> {
  const client = new Client();
  const shell = await new Promise<ClientChannel>((resolve, reject) => {
    client.on('error', reject).on('ready', () => client.shell((error, it) => (error ? reject(error) : resolve(it))));
    const { address, port, identityFile } = host;
    client.connect({ host: address, port, username: USER, privateKey: readFileSync(identityFile) });
  });
  shell.resume();
  return {
    type: (line) => shell.write(`${line}\n`),
    async [Symbol.asyncDispose]() {
      client.end();
    },
  };
}

describe.each(drawn('web', 'edge', 'tiny'))('an app that somebody has started by hand on %s', (name) => {
  const step = story();
  const app = little(`hand-${name}`, [name]);
  const { root, unit } = app;
  const host = () => hosts[name];
  let project: Project;

  /** Where the program runs, as far as its words say. */
  const copies = async () =>
    Number(
      await host().out(
        `n=0; for p in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$p 2>/dev/null | grep -Eq '^[^ ]*sh (${root}/)?serve.sh ?$' && n=$((n + 1)); done; echo $n`,
      ),
    );
  const run = async (...args: string[]) => {
    const ended = await project.fleet(...args, '--all');
    const plan = ended.events.find(({ type }) => type === 'planned')?.plan as
      | { beside: readonly { copyOf: readonly string[]; command: string; pid?: number }[] }
      | undefined;
    return { code: ended.code, ...only(ended), beside: plan?.beside, text: ended.stdout + ended.stderr };
  };
  /** Nothing was begun, and the words say who it is and what to do. */
  async function refused(commands: readonly string[], ...words: readonly (string | RegExp)[]): Promise<void> {
    const before = await wholeOf(host(), app);
    for (const command of commands) {
      const { code, outcome, failure } = await run(command);
      expect({ command, code, outcome, kind: failure?.kind }).toMatchObject({ code: 3, kind: 'second-copy' });
      const said = `${failure?.message}\n${failure?.next.join('\n')}`;
      for (const word of words) expect(said).toMatch(word);
    }
    expect(await wholeOf(host(), app)).toEqual(before);
  }
  /** Starts something as an account, and tells its number. */
  const start = async (command: string, user: string, folder = root) =>
    Number(await host().out(`cd ${folder} && { ${command} </dev/null >/dev/null 2>&1 & echo $!; }`, { user }));
  /** With what it has started: that would be a stranger for a while yet. */
  const end = (pid: number) =>
    host().out(`all="${pid} $(pgrep -P ${pid} | tr '\\n' ' ')"; kill -KILL $all
      for p in $all; do while [ -e /proc/$p/exe ]; do :; done; done`);

  beforeAll(async () => {
    project = await fleetProject({ ...app.parts, hosts: { [name]: host() }, env: { TOKEN: SECRET } });
    project.playbook(
      app.playbook([name], {
        user: USER,
        tasks: [{ env: { from: 'secrets/app.env' } }, ...app.playbook([name]).tasks],
      }),
    );
    const text = readFileSync(`${project.folder}/app/serve.sh`, 'utf8');
    await host().writeFile(`${root}/serve.sh`, text);
    await host().out(`echo hand >${root}/VERSION`);
  });
  afterAll(() => project?.[Symbol.asyncDispose]());

  step('is refused with its number, whose it is and how it ends, or is handed over', async () => {
    const pid = await start(`${name === 'tiny' ? '' : 'nohup '}sh serve.sh`, USER);
    await eventually(async () => expect(await copies()).toBe(1));
    await refused(
      ['plan', 'deploy'],
      new RegExp(`^${unit} would run twice .*: process ${pid} of ${USER} would`),
      `(\`kill ${pid}\`)`,
      `(\`echo ${pid} >${root}/${app.name}.pid\`)`,
    );
    await host().out(`echo ${pid} >${root}/${app.name}.pid`);
    const handed = await run('plan');
    expect(handed).toMatchObject({ code: 0, beside: [] });
    expect(handed.text).toContain(`found process ${pid}, started by hand`);
    await host().out(`rm ${root}/${app.name}.pid`);
    expect(await copies()).toBe(1);
    await end(pid);
  });

  step('is refused also in a session of another account, by its whole path', async () => {
    const pid = await start(`setsid sh ${root}/serve.sh`, 'root', '/');
    await refused(['plan'], `process ${pid} of root`, `kill ${pid}`);
    await end(pid);
  });

  step('is refused where crontabs or a boot script start it', async () => {
    // crond of busybox dies of @reboot.
    const line = `${name === 'tiny' ? '0 0 1 1 *' : '@reboot'} cd ${root} && sh serve.sh >/dev/null 2>&1 &`;
    await host().out(name === 'tiny' ? `echo '${line}' >${CRONTAB}` : `echo '${line}' | crontab -u ${USER} -`);
    await host().writeFile('/etc/cron.d/by-hand', `0 0 1 1 * ${USER} sh ${root}/serve.sh\n`);
    const kept = await host().out('cat /etc/rc.local 2>/dev/null; true');
    await host().writeFile('/etc/rc.local', `#!/bin/sh\nsu ${USER} -c "cd ${root} && sh serve.sh" &\n`, 0o755);
    await refused(
      ['deploy'],
      `a line of ${USER}'s crontab`,
      `(\`crontab -e -u ${USER}\`)`,
      'Take the line out of /etc/cron.d/by-hand.',
      'Take the line out of /etc/rc.local.',
    );
    await host().out(name === 'tiny' ? `rm ${CRONTAB}` : `crontab -r -u ${USER}`);
    await host().out(
      `rm /etc/cron.d/by-hand; ${kept === '' ? 'rm /etc/rc.local' : `printf '%s\\n' '${kept}' >/etc/rc.local`}`,
    );
  });

  step(
    'a person whose shell stands in the folder is in nobody’s way, and other programs there are told of',
    async () => {
      await using shell = await terminal(host());
      shell.type(`cd ${root} && echo here >/tmp/stands-${name}`);
      await eventually(async () => expect(await host().out(`cat /tmp/stands-${name}`)).toBe('here'));
      await host().writeFile(`${root}/other.sh`, 'while :; do sleep 1; done\n');
      const pid = await start(`sh other.sh ${SECRET}`, USER);
      expect(await run('plan')).toMatchObject({ code: 0, beside: [{ pid, copyOf: [], command: expect.any(String) }] });
      const { outcome, text } = await run('deploy');
      expect(outcome).toBe('deployed');
      expect(text).toContain('sh other.sh [secret TOKEN]');
      expect(text).not.toContain(SECRET);
      expect(await copies()).toBe(1);
      await end(pid);
    },
  );

  step('what the app has started and let go of is no stranger', async () => {
    project.write('app/child.sh', 'while :; do sleep 1; done\n');
    project.write('app/serve.sh', `(setsid sh child.sh &)\n${readFileSync(`${project.folder}/app/serve.sh`, 'utf8')}`);
    expect(await run('deploy')).toMatchObject({ code: 0, beside: [] });
    const loose = await host().out(
      `for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline 2>/dev/null | grep -qx 'sh child.sh ' && sed -n 's/^PPid:[^0-9]*//p' $p/status; done; true`,
    );
    expect(loose).toBe('1');
    expect(await run('plan')).toMatchObject({ code: 0, beside: [] });
  });

  step(
    'a later deploy goes on and says that two run: without the refusal that is what a first one comes to',
    async () => {
      const pid = await start('sh serve.sh', USER);
      await eventually(async () => expect(await copies()).toBe(2));
      project.write('app/VERSION', 'two\n');
      const { outcome, beside, text } = await run('deploy');
      expect(outcome).toBe('deployed');
      expect(beside).toMatchObject([{ pid, copyOf: [unit] }]);
      expect((await project.human('plan', '--all')).stdout).toContain(
        `process ${pid} of ${USER} runs a second copy of ${unit} (sh serve.sh): end it (\`kill ${pid}\`)`,
      );
      expect(text).not.toContain('second-copy');
      expect(await copies()).toBe(2);
      await end(pid);
    },
  );
});
