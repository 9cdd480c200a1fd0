import { afterAll, beforeAll, describe, expect } from 'vitest';
import { only, type Project } from '../fleet.ts';
import { onTerminal } from '../pty.ts';
import { drawn, type Hosts, startHosts } from '../rig/index.ts';
import { story } from '../story.ts';
import { APP, dataOf, keeperOn, LIMITS, ROOT, STATE, serving, UNIT, version, wholeHost, withTasks } from './keeper.ts';

let hosts: Hosts<{ one: 'systemd'; two: 'plain' }>;
beforeAll(async () => {
  hosts = await startHosts({ one: 'systemd', two: 'plain' });
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

describe.each(drawn('one', 'two'))('off a host again: %s', (name) => {
  const step = story();
  const host = () => hosts[name];
  let project: Project;
  let before: string[];

  const run = async (...args: string[]) => {
    const ended = await project.fleet(...args, '--all');
    return { code: ended.code, ...only(ended) };
  };
  const account = () => host().sh(`id ${APP}; getent group ${APP}`);
  const EXTRA = { directories: [{ path: '/var/log/keeper', owner: APP, mode: '0750' }] };
  /** The second one in folders that the host does not have. */
  const DEEP = '/srv/made/deep/rules';
  const FILE = {
    files: [
      { content: 'x\n', to: LIMITS },
      { content: 'y\n', to: DEEP },
    ],
  };

  beforeAll(async () => {
    before = await wholeHost(host());
    project = await keeperOn(host(), { tasks: withTasks(EXTRA, FILE) });
  });
  afterAll(() => project?.[Symbol.asyncDispose]());

  step(
    'a plain rollback of the first deploy is refused, also with --yes, and names both ways to take the app away',
    async () => {
      expect(await run('deploy')).toMatchObject({ code: 0, generation: 1 });
      await host().out(`echo kept >${ROOT}/data/kept && chown ${APP} ${ROOT}/data/kept`);
      const live = await wholeHost(host());
      // The look sees what a deploy leaves.
      expect(live).not.toEqual(before);
      const refused = await run('rollback', '--yes');
      expect(refused).toMatchObject({ code: 3, outcome: 'untouched', failure: { kind: 'no-target' } });
      expect(refused.failure?.message).toContain('`fleet rollback --full --keep-data`');
      expect(refused.failure?.message).toContain('`fleet rollback --full`');
      expect(await wholeHost(host())).toEqual(live);
      expect(await serving(host())).toEqual(['releases/1']);
    },
  );

  step('a full one asks first: without a terminal it lists what would go, and exits 2', async () => {
    const live = await wholeHost(host());
    const refused = await project.human('rollback', '--all', '--full');
    expect(refused.code).toBe(2);
    for (const what of [`${ROOT}/data`, `${ROOT}/logs`, `${ROOT}/.env`, `the account ${APP}`, '--keep-data', '--yes'])
      expect(refused.stderr).toContain(what);
    expect(await wholeHost(host())).toEqual(live);
    expect(await serving(host())).toEqual(['releases/1']);
  });

  if (name === 'two')
    step('on a terminal a wrong word changes nothing', async () => {
      const live = await wholeHost(host());
      const typed = { when: `type ${APP} to go on`, keys: 'yes\n' };
      const wrong = await onTerminal(project, ['rollback', '--all', '--full'], { typed });
      expect(wrong.code).toBe(2);
      expect(wrong.bytes).toContain('nothing was changed');
      expect(await wholeHost(host())).toEqual(live);
    });

  step('and the right one leaves the host as it was before the first deploy, account and group included', async () => {
    version(project, 'two');
    expect(await run('deploy')).toMatchObject({ code: 0, generation: 2 });
    const right = await onTerminal(project, ['rollback', '--all', '--full'], {
      typed: { when: `type ${APP} to go on`, keys: `${APP}\n` },
    });
    expect(right.code).toBe(0);
    expect(await wholeHost(host())).toEqual(before);
    expect((await account()).stdout).toBe('');
    expect(await serving(host())).toEqual([]);
    if (host().systemd)
      expect(await host().out(`systemctl list-units --all --plain --no-legend '${APP}*' 'fleet*'; true`)).toBe('');
  });

  step('a second one says that there is nothing, and exits 3', async () => {
    expect(await run('rollback', '--full', '--yes')).toMatchObject({
      code: 3,
      outcome: 'untouched',
      failure: { kind: 'no-target' },
    });
    expect(await wholeHost(host())).toEqual(before);
  });

  step('--keep-data leaves data, .env and the account as they are, and nothing else', async () => {
    expect(await run('deploy')).toMatchObject({ code: 0, generation: 1 });
    await host().out(`echo kept >${ROOT}/data/kept && chown ${APP} ${ROOT}/data/kept`);
    const env = () => host().out(`stat -c '%i %a %U %G %y %z' ${ROOT}/.env && sha256sum ${ROOT}/.env`);
    const data = await dataOf(host());
    const settings = await env();
    // Data and secrets stay, so nobody has to be asked.
    expect(await run('rollback', '--keep-data')).toMatchObject({ code: 0, outcome: 'removed' });
    expect(await dataOf(host())).toBe(data);
    expect(await env()).toBe(settings);
    expect((await account()).code).toBe(0);
    expect(await serving(host())).toEqual([]);
    const known = /^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid) |^\/var\/lib\/fleet(\/keeper)?(\/undo)? /;
    const left = (await wholeHost(host())).filter((line) => !before.includes(line) && !known.test(line));
    expect(left.map((line) => line.split(' ')[0])).toEqual([
      ROOT,
      `${ROOT}/.env`,
      `${ROOT}/data`,
      `${ROOT}/data/kept`,
      `${ROOT}/logs`,
      ...left.flatMap((line) => (line.startsWith(`${STATE}/`) ? [line.split(' ')[0]] : [])),
    ]);
    // What stays of fleet's own: how to take back the rest, and the history.
    expect(
      (await host().out(`ls ${STATE}`)).split('\n').filter((file) => !/^(host.*\.sh|log|undo|state|lock)$/.test(file)),
    ).toEqual([]);
    expect((await host().sh(`test -e /etc/systemd/system/${UNIT} || test -e ${LIMITS}`)).code).toBe(1);
    expect(await run('rollback', '--full', '--keep-data')).toMatchObject({ code: 3, failure: { kind: 'no-target' } });
    expect(await dataOf(host())).toBe(data);
  });

  // One of each is enough: what a person types does not depend on the host, what is left there might.
  if (name === 'one')
    step('and the app can be deployed to what was kept, and then go whole', async () => {
      const data = await dataOf(host());
      expect(await run('deploy')).toMatchObject({ code: 0, outcome: 'deployed' });
      expect(await dataOf(host())).toBe(data);
      expect(await run('rollback', '--full', '--yes')).toMatchObject({ code: 0, outcome: 'removed' });
      expect(await wholeHost(host())).toEqual(before);
      expect((await account()).stdout).toBe('');
    });

  if (name === 'one') return;

  step('and a full one removes what was kept, with nothing deployed', async () => {
    expect(await run('rollback', '--full', '--yes')).toMatchObject({ code: 0, outcome: 'removed' });
    expect(await wholeHost(host())).toEqual(before);
  });

  step('a removal that is cut off half way is finished by the same command', async () => {
    expect(await run('deploy')).toMatchObject({ code: 0, generation: 1 });
    // The switch to nothing is done and its removal is not: as after a power cut between the two.
    await host().out(`cp -a ${STATE} /tmp/kept`);
    expect(await run('rollback', '--keep-data')).toMatchObject({ code: 0, outcome: 'removed' });
    await host().out(
      `rm -r ${STATE} && mv /tmp/kept ${STATE} && mkdir -p ${ROOT}/releases/1 && rm -f ${STATE}/state ${ROOT}/.env`,
    );
    expect(await wholeHost(host())).not.toEqual(before);
    expect(await run('rollback', '--full', '--yes')).toMatchObject({ code: 0, outcome: 'removed' });
    expect(await wholeHost(host())).toEqual(before);
  });
});
