import { afterAll, beforeAll, describe, expect } from 'vitest';
import { only, type Project } from '../fleet.ts';
import { drawn, type Hosts, startHosts } from '../rig/index.ts';
import { story } from '../story.ts';
import {
  dataOf,
  enabling,
  helper,
  keeperOn,
  LIMITS,
  logrotate,
  playbook,
  ROOT,
  STATE,
  serving,
  standing,
  UNIT,
  unit,
  version,
  withTasks,
} from './keeper.ts';

let hosts: Hosts<{ one: 'systemd'; two: 'plain' }>;
beforeAll(async () => {
  hosts = await startHosts({ one: 'systemd', two: 'plain' });
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

const UNITS = [UNIT, 'alpha.service', 'beta.service'];

describe.each(drawn('one', 'two'))('going back on %s', (name) => {
  const step = story();
  const host = () => hosts[name];
  let project: Project;
  let first: string[];
  let data: string;

  const run = async (...args: string[]) => {
    const ended = await project.fleet(...args, '--all');
    return { code: ended.code, ...only(ended) };
  };
  const generations = () =>
    host().out(`cd ${STATE}/generations && for g in $(ls | sort -n); do [ $g = 0 ] || echo $g $(cat $g/verdict); done`);

  beforeAll(async () => {
    project = await keeperOn(host(), { tasks: enabling(UNIT, 'alpha.service') });
    project.write('units/alpha.service', helper('alpha'));
    // Both were there before fleet came; the second version takes their place.
    await host().writeFile(LIMITS, 'by hand\n', 0o640);
    if (host().systemd) {
      await host().writeFile(
        '/etc/systemd/system/beta.service',
        `${helper('beta')}# by hand\n`.replace('keeper', 'daemon').replaceAll(`${ROOT}/current`, '/'),
        0o600,
      );
      await host().out('systemctl daemon-reload && systemctl enable --now beta');
    }
  });
  afterAll(() => project?.[Symbol.asyncDispose]());

  step('a version that changes code, unit, drop-in, env, logrotate, files and enabled units goes live', async () => {
    expect(await run('deploy')).toMatchObject({ code: 0, outcome: 'deployed', generation: 1 });
    await host().out(
      `cd ${ROOT}/data && echo kept >kept && ln -s kept link && mkdir sub && touch -d 2001-01-01 sub kept`,
    );
    first = await standing(host(), UNITS);
    data = await dataOf(host());

    version(project, 'two');
    project.write('app/new', 'new\n');
    project.write(`units/${UNIT}`, unit('UMask=0077\n'));
    project.write(`units/${UNIT}.d/nice.conf`, '[Service]\nNice=3\n');
    project.write(`units/${UNIT}.d/more.conf`, '[Service]\nTimeoutStopSec=7\n');
    project.remove('units/alpha.service');
    project.write('units/beta.service', helper('beta'));
    project.env({ KEEPER_TOKEN: 'canary-keeper-2aa', MORE: 'x' });
    project.write('config/keeper.logrotate', logrotate(2));
    const files = { files: [{ content: 'limits of two\n', to: LIMITS, mode: '0600' }] };
    project.playbook(playbook(['it'], { tasks: [...enabling(UNIT, 'beta.service'), files] }));
    expect(await run('deploy')).toMatchObject({ code: 0, outcome: 'deployed', generation: 2 });
    const second = await standing(host(), UNITS);
    // The look does see each of them.
    const fresh = second.filter((line) => !first.includes(line));
    for (const what of ['/current/new file', LIMITS, 'logrotate.d/keeper', '.env', /^releases\/2$/])
      expect(fresh).toContainEqual(expect.stringMatching(what));
    if (!host().systemd) return;
    for (const what of ['more.conf', 'nice.conf', `system/${UNIT} file`, 'beta.service file', 'alpha.service inactive'])
      expect(fresh).toContainEqual(expect.stringMatching(what));
  });

  step('a rollback brings all of it back, byte for byte, and does not touch data', async () => {
    expect(await run('rollback')).toMatchObject({ code: 0, outcome: 'rolled-back', generation: 1 });
    expect(await standing(host(), UNITS)).toEqual(first);
    expect(await dataOf(host())).toBe(data);
    expect(await host().out(`cat ${LIMITS}`)).toBe('by hand');
    expect((await project.fleet('health', '--all')).code).toBe(0);
  });

  step('--keep-data with a generation to go back to changes nothing: data stays anyway', async () => {
    expect(await run('rollback', '--to', '2')).toMatchObject({ code: 0, generation: 2 });
    expect(await run('rollback', '--keep-data')).toMatchObject({ code: 0, outcome: 'rolled-back', generation: 1 });
    expect(await standing(host(), UNITS)).toEqual(first);
    expect(await dataOf(host())).toBe(data);
  });

  // What is kept is decided by the same lines everywhere.
  if (name === 'one') return;

  step(
    'versions that fail are marked, never take the place of good ones, and only the last three are kept',
    async () => {
      project.playbook(playbook(['it'], { keep: 2, tasks: withTasks() }));
      project.remove('units/beta.service');
      version(project, 'broken');
      for (let i = 3; i <= 4; i += 1) {
        project.write('app/attempt', `${i}\n`);
        expect(await run('deploy')).toMatchObject({ code: 1, outcome: 'reverted', generation: 1 });
      }
      expect(await standing(host(), UNITS)).toEqual(first);
      expect(await generations()).toBe('1 good\n2 good\n3 bad\n4 bad');
      const refused = await run('rollback', '--to', '4');
      expect(refused).toMatchObject({ code: 3, outcome: 'untouched', failure: { kind: 'no-target' } });
      expect(refused.failure?.message).toContain('never became healthy');

      // Eight more, as the host would have recorded them.
      await host().out(`cd ${STATE}/generations && for n in 5 6 7 8 9 10 11 12; do
      cp -a 4 $n && cp -a ${ROOT}/releases/4 ${ROOT}/releases/$n; done`);
      version(project, 'three');
      expect(await run('deploy')).toMatchObject({ code: 0, outcome: 'deployed', generation: 13 });
      expect(await generations()).toBe('1 good\n2 good\n10 bad\n11 bad\n12 bad\n13 good');
      expect(await serving(host())).toEqual(['releases/13']);
    },
  );

  step('keep says how many good ones stay, and what is pruned is gone whole', async () => {
    for (const [i, text] of ['four', 'five', 'six'].entries()) {
      version(project, text);
      expect(await run('deploy')).toMatchObject({ code: 0, outcome: 'deployed', generation: 14 + i });
    }
    expect(await generations()).toBe('10 bad\n11 bad\n12 bad\n15 good\n16 good');
    expect(await host().out(`ls ${ROOT}/releases | sort -n | tr '\\n' ' '`)).toBe('10 11 12 15 16');
    expect(await run('rollback', '--to', '14')).toMatchObject({ code: 3, failure: { kind: 'no-target' } });
    expect(await run('rollback')).toMatchObject({ code: 0, generation: 15 });
    const none = await run('rollback');
    expect(none).toMatchObject({ code: 3, outcome: 'untouched', failure: { kind: 'no-target' } });
    expect(none.failure?.message).toContain('the oldest one on the host');
    expect(await serving(host())).toEqual(['releases/15']);
  });
});
