import { expect } from 'vitest';
import { only } from '../fleet.ts';
import { ask, copies, eventually, HEALTH, KEYS, playbook, ROOT, type Stage } from '../samples.ts';
import { story } from '../story.ts';

const S = '/var/lib/fleet/jarvis';
const ILL = `${ROOT}/data/ill`;

/** Nobody but the host: no run of fleet is alive when a generation goes back. */
export const watch = ({ name, systemd, host, project }: Stage) => {
  const step = story();
  const live = () => host().out(`readlink ${ROOT}/current`);
  const log = () => host().out(`cat ${S}/log`);
  const state = () => host().out(`sed -n 's/^state //p' ${S}/probation 2>/dev/null; true`);
  const phase = () => host().out(`sed -n 's/^phase //p' ${S}/state`);
  /** Numbers of the host's processes that look, go back, or keep the first one there. */
  const watchers = async (mode: 'look' | 'go' | 'guard') =>
    (
      await host().out(`grep -al . /proc/[0-9]*/cmdline 2>/dev/null | while read -r f; do
      case $(tr '\\0' ' ' <$f 2>/dev/null) in "sh ${S}/host"*" probation "*" ${mode} "* | /*"/sh ${S}/host"*" probation "*" ${mode} "*) f=\${f%/cmdline}; echo "\${f#/proc/}" ;; esac
    done`)
    )
      .split('\n')
      .filter(Boolean);

  async function deploy(version: string, policy: object, env: object = {}) {
    project().write('app/VERSION', `${version}\n`);
    project().env({ ...KEYS, ...env });
    const health = [...HEALTH, { command: { command: ['test', '!', '-e', ILL] } }];
    const every = { every: '1s', failures: 2, for: '10m', ...policy };
    project().playbook(playbook([name], { health, deploy: { settle: '1s', deadline: '25s', watch: every } }));
    const run = await project().fleet('deploy', '--all');
    expect({ code: run.code, ...only(run) }).toMatchObject({ code: 0, outcome: 'deployed' });
    return only(run).generation ?? 0;
  }

  async function isBackAt(generation: number, version: string) {
    await eventually(async () => {
      expect([await state(), await phase()]).toEqual(['back', 'IDLE']);
      expect(await ask(host())).toMatchObject({ version });
    }, 60_000);
    expect(await live()).toBe(`releases/${generation}`);
    expect(await copies(host())).toHaveLength(1);
    await eventually(async () => expect(await watchers('look')).toEqual([]));
  }

  step('a version that is well at first and ends after a while goes back with nobody there', async () => {
    expect(await deploy('1.0.0', {})).toBe(1);
    expect(await state()).toBe('');
    expect(await deploy('2.0.0', {}, { JARVIS_FAULT: 'exit-after:6' })).toBe(2);
    expect([await live(), await state()]).toEqual(['releases/2', 'on']);
    await isBackAt(1, '1.0.0');
    expect(await log()).toMatch(/ watch 1 2 reverted \S+\tjarvis\.service was restarted[^\n]*$/);
    const health = await project().human('health', '--all');
    expect(health.stdout).toContain('the host went back by itself from generation 2 to 1');
    expect((await project().human('status', '--all')).stdout).toContain('jarvis.service was restarted');
    // Neither is anything of the watch left to start at the next boot.
    expect(await host().out('ls /etc/systemd/system 2>/dev/null; true')).not.toContain('fleet-recover');
  });

  step(
    'one whose check fails that the host asks by itself goes back, and so it does when the watcher is killed',
    async () => {
      expect(await deploy('3.0.0', {})).toBe(3);
      // The checks that it can ask here have passed once; http takes a program that not every host has.
      const asks = await host().out('command -v curl || command -v wget || true');
      await eventually(async () =>
        expect(await host().out(`sed -n 2p ${S}/watcher`)).toMatch(asks === '' ? /^1$/ : /^(0 1|1 0)$/),
      );
      const [first] = await watchers('look');
      await host().out(`kill -KILL ${first}`);
      await eventually(async () => expect((await watchers('look')).filter((pid) => pid !== first)).toHaveLength(1));
      await host().out(`touch ${ILL}`);
      // Whoever is on the way back is killed twice, wherever that is.
      for (const _ of [1, 2]) {
        const [pid] = await eventually(async () => {
          const found = await watchers('go');
          expect(found).toHaveLength(1);
          return found;
        }, 60_000);
        await host().out(`kill -KILL ${pid} 2>/dev/null; true`);
      }
      await isBackAt(1, '1.0.0');
      await host().out(`rm ${ILL}`);
      // Twice is what was asked for. One that was killed before it had noted that leaves it to the next look.
      expect(await log()).toMatch(/ watch 1 3 reverted \S+\tcommand test ! -e \S+ failed [234] times in a row$/);
    },
  );

  step('one that stays well is kept, and nothing of the watch is left', async () => {
    expect(await deploy('4.0.0', { for: '10s' })).toBe(4);
    await eventually(async () => expect(await state()).toBe(''), 40_000);
    await eventually(async () => expect([...(await watchers('look')), ...(await watchers('guard'))]).toEqual([]));
    expect([await live(), (await ask(host())).version]).toEqual(['releases/4', '4.0.0']);
    expect(await host().out(`ls ${S}`)).not.toMatch(/probation|watcher|ballast/);
    expect(await host().out('ls /etc/systemd/system 2>/dev/null; true')).not.toContain('fleet-recover');
    if (systemd) expect(await host().out('systemctl list-units --all --plain "fleet-*-watch*" --no-legend')).toBe('');
  });

  step('a deploy meanwhile ends the watch of the one before and begins its own', async () => {
    expect(await deploy('5.0.0', {})).toBe(5);
    const [before] = await watchers('look');
    expect(await deploy('6.0.0', {})).toBe(6);
    await eventually(async () => expect((await watchers('look')).filter((pid) => pid === before)).toEqual([]));
    expect(await host().out(`sed -n 's/^to //p' ${S}/probation`)).toBe('6');
    const run = await project().fleet('rollback', '--all');
    expect(only(run)).toMatchObject({ outcome: 'rolled-back', generation: 5 });
    expect(await state()).toBe('');
  });

  step(
    'a boot begins it anew, and one in the middle of the way back ends that way back',
    { timeout: 240_000 },
    async () => {
      expect(await deploy('7.0.0', { for: '10s' })).toBe(7);
      await host().kill();
      await host().start();
      await eventually(async () => {
        expect(await watchers('look')).toHaveLength(1);
        expect(await ask(host())).toMatchObject({ version: '7.0.0' });
      }, 60_000);
      // As long as before, from when all should be up.
      await eventually(async () => expect(await state()).toBe(''), 60_000);
      expect(await live()).toBe('releases/7');

      expect(await deploy('8.0.0', {})).toBe(8);
      await eventually(async () => expect(await host().out(`sed -n 2p ${S}/watcher`)).toMatch(/\d/));
      await host().out(`touch ${ILL}`);
      await eventually(async () => expect(await state()).toBe('going'), 60_000);
      await host().kill();
      await host().start();
      await host().out(`rm -f ${ILL}`);
      await isBackAt(7, '7.0.0');
      expect((await log()).match(/ watch 7 8 reverted /g)).toHaveLength(1);
    },
  );
};
