// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the shell writes its variables like this
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { fleetProject, only, type Project, parseRun, said } from '../fleet.ts';
import { little, standing } from '../little.ts';
import { drawn, type Hosts, startHosts } from '../rig/index.ts';
import { eventually } from '../samples.ts';
import { story } from '../story.ts';

const KINDS = { web: 'systemd', edge: 'plain', box: 'busybox' } as const;
let hosts: Hosts<typeof KINDS>;
beforeAll(async () => {
  hosts = await startHosts(KINDS);
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

const USER = 'plainuser';
const SECRET = 'hunter2-and-more-of-it';

describe.each(drawn('web', 'edge', 'box'))('a step before the start on %s', (name) => {
  const step = story();
  const app = little(`steps-${name}`, [name]);
  const host = () => hosts[name];
  const { root } = app;
  const state = `/var/lib/fleet/${app.name}`;
  let project: Project;

  /** What each run of the step has noted in the data folder, one line each. */
  const ran = async () => (await host().out(`cat ${root}/data/ran 2>/dev/null; true`)).split('\n').filter(Boolean);
  const NOTE = `echo "$(id -un)|$(pwd)|$WORD|$(sed -n 's/^WORD=//p' .env)|$HOME|$(readlink ${root}/current)|${'${SSH_CONNECTION-}${LC_ALL-}'}" >>data/ran\n`;

  const shape = (timeout = '60s', changes: object = {}) => {
    const run = { command: ['sh', 'migrate.sh'], when: 'before-start', timeout };
    const tasks = [{ env: { from: 'secrets/app.env' } }, { run }, ...app.playbook([name]).tasks];
    project.playbook(app.playbook([name], { user: USER, data: ['data'], tasks, ...changes }));
  };
  /** A deploy of another version, with this for its step. */
  let turn = 0;
  const next = (step: string, ...shaped: Parameters<typeof shape>) => {
    turn += 1;
    project.write('app/VERSION', `${turn}\n`);
    project.write('app/migrate.sh', step);
    project.env({ WORD: `word${turn}`, TOKEN: SECRET });
    shape(...shaped);
  };
  /** For what waits until the deadline has passed. */
  const SOON = { deploy: { settle: '1s', deadline: '12s' } };
  const deploy = async () => only(await project.fleet('deploy', '--all'));
  // Not every host has pgrep.
  const pids = (words: string) =>
    host().out(
      `cd /proc && for p in [0-9]*; do tr '\\0' ' ' <$p/cmdline 2>/dev/null | grep -qE '${words}' && echo $p; done | sort`,
    );
  const serving = async () =>
    [await pids(`# ${root} ?$|[s]erve.sh`), await host().out(`cat ${root}/serving`)].join('\n');
  const gone = (words: string) => eventually(async () => expect(await pids(words)).toBe(''), 20_000);

  beforeAll(async () => {
    project = await fleetProject({ ...app.parts, hosts: { [name]: host() } });
    await host().out(`mkdir -p ${root}; chmod 755 ${root}; touch ${root}/serving; chown ${USER} ${root}/serving`);
  });
  afterAll(() => project?.[Symbol.asyncDispose]());

  step('runs as the service user, in the new release, with its settings and the data, before the switch', async () => {
    next(NOTE);
    const plan = await project.fleet('plan', '--all');
    expect(JSON.stringify(plan.events)).toContain(`before the start runs as ${USER}, for at most 60 s: sh migrate.sh`);
    expect(await ran()).toEqual([]);
    expect(await deploy()).toMatchObject({ outcome: 'deployed', failure: null });
    next(NOTE);
    expect(await deploy()).toMatchObject({ outcome: 'deployed', failure: null });
    const home = await host().out(`eval echo ~${USER}`);
    expect(await ran()).toEqual([
      `${USER}|${root}/releases/1|word1|word1|${home}||`,
      `${USER}|${root}/releases/2|word2|word2|${home}|releases/1|`,
    ]);
  });

  step('runs once, and not where nothing is deployed or the way leads back', async () => {
    expect(await deploy()).toMatchObject({ outcome: 'unchanged' });
    expect(await host().out(`ls -A ${root} | grep fleet-env; readlink ${root}/current/.env`)).toBe(`${root}/.env`);
    expect((await project.human('status', '--all', '--verify')).stdout).not.toContain('changed');
    expect(only(await project.fleet('rollback', '--all'))).toMatchObject({ outcome: 'rolled-back', generation: 1 });
    expect(await ran()).toHaveLength(2);
  });

  step('that fails leaves the generation before as it runs, and shows what it said without secrets', async () => {
    const before = [await serving(), await standing(host(), app)];
    next(`${NOTE}sleep 4242 & yes 2>/dev/null | head -c 3000000; echo "with $TOKEN"; printf 'no such table'; exit 3\n`);
    const run = await project.fleet('deploy', '--all', '--verbose');
    expect({ code: run.code, ...only(run) }).toMatchObject({
      ...{ code: 1, outcome: 'reverted', generation: 1 },
      failure: { kind: 'before-start', why: 'failed', status: 3 },
    });
    expect(only(run).failure?.log).toEqual([...Array(18).fill('y'), 'with [secret TOKEN]', 'no such table']);
    expect(run.stdout + run.stderr).not.toContain(SECRET);
    expect([await serving(), await standing(host(), app)]).toEqual(before);
    // What it did to data stays, what it started does not.
    expect(await ran()).toHaveLength(3);
    await gone('[s]leep 4242');
    expect(await host().out(`ls -A ${state} | grep -E '^\\.' ; tail -n 1 ${state}/log | cut -d' ' -f3-6`)).toBe(
      'deploy 1 3 reverted',
    );
    const history = await host().out(`cat ${state}/generations/3/verdict`);
    expect(history).toBe('bad');
  });

  step('has its own time limit, which also what does not heed signals keeps', async () => {
    const before = await serving();
    next(`${NOTE}trap '' TERM; echo waiting for a lock; sleep 4343; sleep 4344\n`, '3s');
    const ended = await deploy();
    expect(ended).toMatchObject({
      ...{ outcome: 'reverted', generation: 1 },
      failure: {
        kind: 'before-start',
        why: 'late',
        limitMs: 3000,
        log: expect.arrayContaining(['waiting for a lock']),
      },
    });
    expect(ended.failure?.message).toContain('it had not ended after 3.0s, and was ended; nothing was switched');
    await gone('[s]leep 434');
    expect(await serving()).toBe(before);
  });

  step('may take longer than the deadline, which counts from the switch on', { timeout: 180_000 }, async () => {
    next(`${NOTE}sleep 14\n`, '60s', SOON);
    expect(await deploy()).toMatchObject({ outcome: 'deployed', failure: null });
  });

  step('goes on when the one who deploys is killed, and without a confirmation the host goes back', async () => {
    const active = await host().out(`readlink ${root}/current`);
    const lines = (await ran()).length;
    next(`${NOTE}sleep 4\n`, '60s', SOON);
    const running = project.start(['deploy', '--all', '--json']);
    await said(running, '"id":"before:sh migrate.sh"');
    expect(await host().out(`sed -n 's/^phase //p' ${state}/state; readlink ${root}/current`)).toBe(
      `BEFORE_START\n${active}`,
    );
    running.child.kill('SIGKILL');
    await running.ended;
    await eventually(async () => expect((await standing(host(), app)).at(-1)).toBe('IDLE'), 60_000);
    expect(await host().out(`readlink ${root}/current; tail -n 1 ${state}/log`)).toMatch(
      new RegExp(`^${active}\n.* reverted `),
    );
    shape();
    expect(await deploy()).toMatchObject({ outcome: 'deployed', failure: null });
    expect(await ran()).toHaveLength(lines + 2);
  });

  step('is called off by Ctrl-C, and ended', async () => {
    const before = await serving();
    next(`${NOTE}sleep 4545\n`);
    const running = project.start(['deploy', '--all', '--json']);
    await said(running, '"id":"before:sh migrate.sh"');
    running.child.kill('SIGINT');
    const run = parseRun(await running.ended);
    expect({ code: run.code, ...only(run) }).toMatchObject({ code: 130, outcome: 'reverted' });
    await gone('[s]leep 4545');
    expect(await serving()).toBe(before);
  });

  step('is ended, and runs again with the next deploy, when fleet’s program was killed beside it', async () => {
    const before = await serving();
    next(`${NOTE}[ -f data/again ] || { touch data/again; sleep 4646; }\n`);
    const running = project.start(['deploy', '--all', '--json']);
    await said(running, '"id":"before:sh migrate.sh"');
    await eventually(async () => expect(await pids('[s]leep 4646')).not.toBe(''));
    await host().out(`kill -9 $(sed -n 's/^runner //p' ${state}/state)`);
    const run = parseRun(await running.ended);
    expect({ code: run.code, ...only(run) }).toMatchObject({ code: 1, outcome: 'reverted' });
    await gone('[s]leep 4646');
    expect(await host().out(`ls -A ${root} | grep fleet-env; true`)).toBe('');
    expect(await serving()).toBe(before);
    expect(await deploy()).toMatchObject({ outcome: 'deployed', failure: null });
  });
});
