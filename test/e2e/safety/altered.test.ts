import { afterAll, beforeAll, describe, expect } from 'vitest';
import { fleetProject, only, type Project } from '../fleet.ts';
import { little, standing } from '../little.ts';
import { drawn, type Hosts, startHosts } from '../rig/index.ts';
import { story } from '../story.ts';

const KINDS = { web: 'systemd', tiny: 'busybox' } as const;
let hosts: Hosts<typeof KINDS>;
beforeAll(async () => {
  hosts = await startHosts(KINDS);
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

// One story: what a test leaves the next one finds.
describe.each(drawn('web', 'tiny'))('a sealed release that somebody with root changes, on %s', (name) => {
  const step = story();
  const app = little(`altered-${name}`, [name]);
  const host = () => hosts[name];
  let project: Project;
  beforeAll(async () => {
    project = await fleetProject({ ...app.parts, hosts: { [name]: host() } });
    project.write('app/lib/code.txt', 'good\n');
    expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ outcome: 'deployed', generation: 1 });
  });
  afterAll(() => project?.[Symbol.asyncDispose]());
  const at = (n: number) => `${app.root}/releases/${n}`;
  const plan = () => project.human('plan', '--all');
  const status = async (...args: string[]) => (await project.human('status', '--all', ...args)).stdout;

  step('is as it was deployed, and said so after a look at every byte', async () => {
    expect((await project.fleet('plan', '--all', '--exit-code')).code).toBe(0);
    expect(await status('--verify')).toMatch(/3 files of the release compared with what was deployed/);
    expect(await status()).not.toContain('compared with');
  });

  step('is not changed by new times and new inodes alone, nor by what Python keeps there', async () => {
    await host().out(`cd ${at(1)} && cp -p lib/code.txt x && mv x lib/code.txt && touch -d @1000000 VERSION
      mkdir lib/__pycache__ && echo x >lib/__pycache__/code.pyc`);
    expect((await project.fleet('plan', '--all', '--exit-code')).code).toBe(0);
  });

  const CHANGES = [
    ['a changed file', 'echo evil >lib/code.txt', 'lib/code.txt'],
    ['a new file', 'echo evil >lib/more.txt', 'lib/more.txt'],
    ['a file that is gone', 'rm lib/code.txt', 'lib/code.txt'],
    ['a file that others may write', 'chmod 666 VERSION', 'VERSION'],
    ['a file of somebody else', 'chown 1000 VERSION', 'VERSION'],
  ] as const;
  for (const [what, change, file] of CHANGES)
    step(`with ${what} is found by plan, health and status, and the next deploy brings all of it anew`, async () => {
      const [link = ''] = await standing(host(), app);
      const before = Number(link.slice('releases/'.length));
      await host().out(`cd ${at(before)} && ${change}`);
      const words = `releases/${before}/${file} was changed on the host`;
      expect((await plan()).stdout).toContain(words);
      expect(await status()).toContain(words);
      const health = await project.fleet('health', '--all');
      expect(health.code).not.toBe(0);
      expect(JSON.stringify(only(health).failure)).toContain(`not as it was deployed: releases/${before}/${file}`);
      expect(only(await project.fleet('deploy', '--all'))).toMatchObject({
        outcome: 'deployed',
        generation: before + 1,
      });
      expect(await host().out(`cat ${at(before + 1)}/lib/code.txt; stat -c '%a %u' ${at(before + 1)}/VERSION`)).toBe(
        'good\n644 0',
      );
      expect((await project.fleet('plan', '--all', '--exit-code')).code).toBe(0);
    });

  step('where inode, size and time stayed the same takes a look at every byte', async () => {
    const [link = ''] = await standing(host(), app);
    await host().out(`cd ${app.root}/${link} && t=$(stat -c %Y lib/code.txt)
      printf evil | dd of=lib/code.txt conv=notrunc 2>/dev/null && touch -d @$t lib/code.txt`);
    expect((await project.fleet('plan', '--all', '--exit-code')).code).toBe(0);
    expect(await status('--verify')).toContain(`${link}/lib/code.txt was changed on the host`);
  });
});
