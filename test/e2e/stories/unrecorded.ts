import { expect } from 'vitest';
import { only } from '../fleet.ts';
import { ask, copies, KEYS, mostCopies, ROOT, type Stage, UNIT } from '../samples.ts';
import { story } from '../story.ts';

const STATE = '/var/lib/fleet/jarvis';

/** The state folder is removed, or restored from an older time, while the app runs. */
export const unrecorded = ({ name, systemd, host, project }: Stage) => {
  const step = story();
  const deploys = async (version: string) => {
    project().env(KEYS);
    project().write('app/VERSION', `${version}\n`);
    const run = await project().fleet('deploy', '--all');
    expect({ code: run.code, ...only(run) }).toMatchObject({ code: 0, failure: null, outcome: 'deployed' });
    return only(run).generation;
  };

  /** Does it with an eye on the copies of the app: never two, and in the end the one of this version. */
  async function serving(version: string, during: () => Promise<void>) {
    expect(await mostCopies(host(), during)).toBe(1);
    const { pid, ...answer } = await ask(host());
    expect(answer).toMatchObject({ version });
    expect(await copies(host())).toEqual([pid]);
  }

  const unchanged = async (pid: number) =>
    expect([(await ask(host())).pid, await copies(host())]).toEqual([pid, [pid]]);

  /** What is live is not touched by a command, which says why. */
  async function refuses(live: number | null, newest: number, ...words: string[]) {
    const { pid } = await ask(host());
    const run = await project().fleet(...words, '--all');
    expect({ words, code: run.code, ...only(run) }).toMatchObject({
      ...{ code: 3, outcome: 'untouched' },
      failure: { kind: 'unrecorded', folder: STATE, generation: live, newest, running: [UNIT] },
    });
    await unchanged(pid);
  }

  async function sick(why: string) {
    const health = await project().fleet('health', '--all');
    expect({ code: health.code, ...only(health) }).toMatchObject({ code: 1, outcome: 'unhealthy' });
    expect(JSON.stringify(only(health).failure)).toContain(why);
  }
  const well = async () => expect((await project().fleet('health', '--all')).code).toBe(0);

  /** What is named as the cure leads to a host that works. */
  async function cured(version: string) {
    const removed = await project().fleet('rollback', '--all', '--full', '--keep-data');
    expect(only(removed)).toMatchObject({ outcome: 'removed' });
    expect(await copies(host())).toEqual([]);
    expect(await host().out(`ls -d ${ROOT}/current ${ROOT}/releases ${STATE}/generations 2>/dev/null; true`)).toBe('');
    expect(await host().out(`stat -c %U ${ROOT}/.env ${ROOT}/data`)).toBe('jarvis\njarvis');
    if (systemd) expect(await host().out(`systemctl is-enabled ${UNIT} || true`)).not.toBe('enabled');
    else
      expect(await host().out('crontab -l 2>/dev/null; cat /etc/rc.local 2>/dev/null; true')).not.toContain('fleet:');
    await serving(version, async () => {
      await deploys(version);
    });
    await well();
  }

  step(
    'where the state folder is an older one or gone, nothing is begun that had no way back, and the cures work',
    async () => {
      const older = (await deploys('21.0.0')) ?? 0;
      await host().out(`cp -a ${STATE} /root/older`);
      const live = await deploys('22.0.0');
      await host().out(`mv ${STATE} /root/backup`);
      await refuses(live, 0, 'deploy');
      await sick(`has no record of what is live, generation ${live}`);

      await host().out(`rm -rf ${STATE}; cp -a /root/older ${STATE}`);
      await sick(`has no record of what is live, generation ${live}`);
      expect((await project().human('status', '--all')).stdout).toContain('has no record of what is live');
      await refuses(live, older, 'rollback');
      await refuses(live, older, 'rollback', '--full', '--yes');
      project().env({ ...KEYS, JARVIS_FAULT: 'exit-at-start' });
      await refuses(live, older, 'plan');
      await refuses(live, older, 'deploy');
      project().env(KEYS);
      project().write('app/VERSION', '23.0.0\n');
      await refuses(live, older, 'deploy');

      await host().out(`rm -rf ${STATE}; mv /root/backup ${STATE}`);
      await well();
      // Once with no record at all, once with an older one.
      await host().out(`rm -rf ${STATE}; ${name === 'edge' ? `mv /root/older ${STATE}` : 'rm -rf /root/older'}`);
      await cured('23.0.0');
    },
  );

  if (!systemd)
    step(
      'where only what the supervisors write is gone, they are found: never two copies, and a way back that runs',
      async () => {
        await deploys('41.0.0');
        const lost = () => host().out(`rm -rf ${STATE}/run`);
        await host().out(`mv ${ROOT}/current /root/current`);
        const { pid } = await ask(host());
        expect(only(await project().fleet('plan', '--all')).failure).toMatchObject({
          kind: 'unrecorded',
          generation: 0,
        });
        await unchanged(pid);
        await host().out(`mv /root/current ${ROOT}/current`);
        await serving('41.0.0', async () => {
          await lost();
          await sick("fleet's record on the host does not tell of it");
          expect((await project().human('plan', '--all')).stdout).toContain(
            `${UNIT} runs, and ${STATE}/run/${UNIT} does not`,
          );

          project().env({ ...KEYS, JARVIS_FAULT: 'exit-at-start' });
          const bad = await project().fleet('deploy', '--all');
          expect({ code: bad.code, ...only(bad) }).toMatchObject({ code: 1, outcome: 'reverted' });
        });
        await serving('42.0.0', async () => {
          await lost();
          await deploys('42.0.0');
        });
        await well();
      },
    );
};
