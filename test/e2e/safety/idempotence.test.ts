import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetProject, only, type Project } from '../fleet.ts';
import { drawn, type Hosts, startHosts } from '../rig/index.ts';
import { ask, playbook, ROOT, sample, TASKS, UNIT } from '../samples.ts';

let hosts: Hosts<{ web: 'systemd'; edge: 'plain' }>;
beforeAll(async () => {
  hosts = await startHosts({ web: 'systemd', edge: 'plain' });
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

/** What is not on a disk, and what a login, the system's own log and the running service write at any time. */
const ELSEWHERE = ['/proc', '/sys', '/dev', '/run'];
const OTHERS = [
  /^\/var\/log\/(journal|wtmp|lastlog|btmp|faillog)/,
  /^\/root\/\.cache\/motd/,
  /^\/var\/(lib\/systemd|tmp)(\/|$)/,
  new RegExp(`^${ROOT}/(data|logs|\\.lifeos)(/|$)`),
  // What the service prints, where there is no journal for it.
  new RegExp(`^/var/lib/fleet/jarvis/run/${UNIT}/log$`),
];

describe.each(drawn('web', 'edge'))('the same deploy twice on %s', (name) => {
  const host = () => hosts[name];
  let project: Project;

  /** All files anywhere whose content or inode changed since the mark was made. */
  async function changed(): Promise<string[]> {
    const skip = ELSEWHERE.map((path) => `-path ${path}`).join(' -o ');
    const found = await host().out(
      `find / \\( ${skip} \\) -prune -o \\( -newer /tmp/mark -o -cnewer /tmp/mark \\) -print`,
    );
    return found.split('\n').filter((path) => path !== '' && !OTHERS.some((other) => other.test(path)));
  }
  const mark = () => host().out('sleep 0.05; touch /tmp/mark; sleep 0.05');
  const run = () =>
    host().out(
      name === 'web'
        ? `systemctl show -p InvocationID,MainPID,NRestarts,ActiveEnterTimestampMonotonic ${UNIT}`
        : `cat /var/lib/fleet/jarvis/run/${UNIT}/status`,
    );

  beforeAll(async () => {
    const tasks = [
      ...TASKS,
      { directories: [{ path: '/var/log/jarvis', owner: 'jarvis', mode: '0750' }] },
      { files: [{ from: 'config/settings.toml', to: 'config.toml', mode: '0640' }] },
      { run: { command: ['sh', '-c', 'echo built >built'], creates: 'built' } },
    ];
    const parts = sample(name);
    project = await fleetProject({
      ...parts,
      playbook: playbook([name], { tasks }),
      files: { ...parts.files, 'config/settings.toml': 'a = 1\n' },
      hosts: { [name]: host() },
    });
    expect((await project.fleet('deploy', '--all')).code).toBe(0);
  });
  afterAll(() => project?.[Symbol.asyncDispose]());

  it('has an empty plan, restarts nothing and writes nothing, anywhere', async () => {
    const before = { run: await run(), pid: (await ask(host())).pid };
    await mark();
    const plan = await project.fleet('plan', '--all', '--exit-code');
    expect(plan.code).toBe(0);
    expect(plan.events.find(({ type }) => type === 'planned')?.plan).toMatchObject({ to: 'nothing', changes: [] });
    const again = await project.fleet('deploy', '--all');
    expect({ code: again.code, ...only(again) }).toMatchObject({ code: 0, outcome: 'unchanged', generation: 1 });
    for (const command of ['health', 'status', 'history', 'lock'])
      expect((await project.fleet(command, '--all')).code).toBe(0);
    expect(await changed()).toEqual([]);
    expect({ run: await run(), pid: (await ask(host())).pid }).toEqual(before);
  });

  it('(a file that is written back as it was, or only changes its mode for a moment, would be seen)', async () => {
    await mark();
    await host().out(`cp -p ${ROOT}/.env /tmp/e; cat /tmp/e >${ROOT}/.env; touch -r /tmp/e ${ROOT}/.env
      chmod 600 ${ROOT}/current/VERSION; chmod 644 ${ROOT}/current/VERSION`);
    const seen = await changed();
    expect(seen).toContain(`${ROOT}/.env`);
    expect(seen).toContain(`${ROOT}/releases/1/VERSION`);
  });
});
