import { afterAll, beforeAll, describe } from 'vitest';
import { drawn, type Hosts, startHosts } from '../rig/index.ts';
import { attack, type Fought } from './attack.ts';
import { type Deployed, type Victim, victim } from './victim.ts';

// Where there is no systemd, what a supervisor makes and opens for its service, with the service's links in the way.

const KINDS = { edge: 'plain', tiny: 'busybox' } as const;
let hosts: Hosts<typeof KINDS>;
beforeAll(async () => {
  hosts = await startHosts(KINDS);
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

const SERVE = 'cp VERSION ../../data/serving\necho planted by the service\nwhile :; do sleep 1; done\n';

const told = (harm: readonly string[], log: readonly Deployed[]) =>
  `${harm.join('; ')} [${log.map(({ outcome, words }) => `${outcome} ${words}`).join('; ')}]`;

/** A deploy, what the service then does with its own folders, and the next deploy. */
async function twice(it: Victim, lines: readonly string[], between: string): Promise<Deployed[]> {
  const { task, unit } = it.service(lines, SERVE);
  it.tasks([task], { health: [{ unit }] });
  const first = await it.deploy();
  if (first.outcome === 'untouched') return [first];
  await it.as(between);
  return [first, await it.deploy()];
}

async function harmful(it: Victim, lines: readonly string[], between: string): Promise<Fought> {
  const log = await twice(it, lines, between);
  const harm = await it.harm();
  return { won: harm.length > 0, tries: 1, refused: log[0]?.outcome === 'untouched', evidence: told(harm, log) };
}

/** A process with the command line of the app's supervisor, which does nothing; its number. */
const decoy = (it: Victim) => `python3 -c 'import os
r, w = os.pipe()
os.set_inheritable(r, True)
pid = os.fork()
if pid:
  print(pid)
else:
  os.setsid()
  os.dup2(w, 1)
  os.execv("/usr/bin/yes", ["sh", "/var/lib/fleet/${it.name}/host.sh", "${it.root}", "${it.name}", "supervise", "${it.name}.service", "1"])'`;

/** The state folder forgets its supervisors, so that they are looked for; whom root ends with them. */
async function lookedFor(it: Victim, start: (command: string) => Promise<string>): Promise<Fought> {
  const { task, unit } = it.service([], SERVE);
  it.tasks([task], { health: [{ unit }] });
  const first = await it.deploy();
  const pid = await start(decoy(it));
  await it.host.out(`rm -r /var/lib/fleet/${it.name}/run`);
  const status = (await it.project.human('status', '--all')).stdout;
  const second = await it.deploy();
  const serving = await it.host.out(`cat ${it.root}/data/serving; pgrep -cf '^/bin/sh serve.sh' -u ${it.name}`);
  const lives = (await it.host.out(`tr '\\0' ' ' </proc/${pid}/cmdline 2>/dev/null; true`)).startsWith('sh /var/lib');
  await it.host.out(`kill ${pid} 2>/dev/null; true`);
  return {
    won: !lives || status.includes(`supervisor ${pid}`) || serving !== '2\n1',
    ...{ tries: 1, refused: false, evidence: told([`lives ${lives}, serving ${serving}`], [first, second]) },
  };
}

describe('on edge', () => {
  attack('supervisor-account', "a process of the app's account that has a supervisor's command line", async (build) => {
    await using it = await victim(hosts.edge, build, 'super-a');
    return await lookedFor(it, (command) => it.as(command));
  });

  // As a setuid program that waits for a password has, whoever started it.
  attack('supervisor-setuid', 'the same as root, and no shell', async (build) => {
    await using it = await victim(hosts.edge, build, 'super-s');
    return await lookedFor(it, (command) => it.host.out(command));
  });
});

describe.each(drawn('edge', 'tiny'))('on %s', (name) => {
  const host = () => hosts[name];

  attack('C8a', 'a folder below its LogsDirectory= turned into a link', async (build) => {
    await using it = await victim(host(), build, 'c8a');
    const folder = `/var/log/${it.name}/sub`;
    const lines = [`LogsDirectory=${it.name} ${it.name}/sub`];
    return await harmful(it, lines, `rmdir ${folder} && ln -s ${it.canary}/precious ${folder}`);
  });

  attack('C8b', 'the file that its output is appended to turned into a link', async (build) => {
    await using it = await victim(host(), build, 'c8b');
    const log = `${it.root}/data/out.log`;
    return await harmful(it, [`StandardOutput=append:${log}`], `rm -f ${log} && ln -s ${it.canary}/f0 ${log}`);
  });

  attack('C8c', 'the same file turned into a pipe that nobody reads', async (build) => {
    await using it = await victim(host(), build, 'c8c');
    const log = `${it.root}/data/out.log`;
    const deployed = await twice(it, [`StandardOutput=append:${log}`], `rm -f ${log} && mkfifo ${log}`);
    const serving = await host().out(`cat ${it.root}/data/serving 2>/dev/null; true`);
    const last = deployed.at(-1)?.outcome;
    return {
      won: deployed.length === 2 && last === 'deployed' && serving !== '2',
      tries: 1,
      refused: deployed.length === 1,
      evidence: told([`serving version ${serving}`], deployed),
    };
  });
});
