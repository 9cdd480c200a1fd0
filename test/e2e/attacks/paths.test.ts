import { describe } from 'vitest';
import { drawn } from '../rig/index.ts';
import { attack } from './attack.ts';
import { armedHosts, attacker } from './attacker.ts';
import { besiege } from './siege.ts';
import { account, type Victim, victim } from './victim.ts';

// Paths that root works on, with a part in them that is the app's.

const hosts = armedHosts({ edge: 'plain', tiny: 'busybox' });

describe.each(drawn('edge', 'tiny'))('on %s', (name) => {
  const host = () => hosts[name];
  const script = (it: Victim, n = 0, content = 'echo run\n') => ({
    ...{ to: `${it.root}/data/bin/f${n}`, content, owner: it.name, mode: '0755' },
  });

  attack('C4', "a link of the app's among the parents of a file", async (build) => {
    await using it = await victim(host(), build, 'c4');
    await it.deploy();
    await it.as(`ln -s ${it.canary} ${it.root}/data/bin`);
    it.tasks([{ files: [{ ...script(it), to: `${it.root}/data/bin/run.sh` }] }]);
    return await besiege(it, build, 1);
  });

  attack('C4-back', 'the same, when the file goes away', async (build) => {
    await using it = await victim(host(), build, 'c4b');
    await it.deploy();
    await it.as(`mkdir ${it.root}/data/bin`);
    it.tasks([{ files: [script(it)] }]);
    const { outcome, words } = await it.deploy();
    if (outcome === 'untouched') return { won: false, tries: 1, refused: true, evidence: words };
    await it.as(`mv ${it.root}/data/bin ${it.root}/data/was && ln -s ${it.canary} ${it.root}/data/bin`);
    it.tasks([]);
    return await besiege(it, build, 1);
  });

  attack('owner', 'a link in place of a folder that is looked through for what is its own', async (build) => {
    // A file with the account's mark, where only root may look.
    const before = `echo >precious/unseen; chown owner-${build.tag} precious/unseen`;
    await using it = await victim(host(), build, 'owner', { before });
    const heir = `${it.name}-heir`;
    await account(host(), heir, `/opt/${heir}`);
    const deploy = (user: string) => {
      const { unit, task } = it.service([`User=${user}`, `LogsDirectory=${it.name} ${it.name}/sub`], 'exec sleep 1d\n');
      it.tasks([task], { user, health: [{ unit }] });
      return it.deploy();
    };
    await deploy(it.name);
    const folder = `/var/log/${it.name}/sub`;
    await it.as(`rmdir ${folder} && ln -s ${it.canary}/precious ${folder}`);
    const { words, run } = await deploy(heir);
    // That it looks at all shows in the data folder, which is named in both builds.
    const looked = words.includes(`${it.root}/data`);
    return { won: run.stdout.includes('unseen'), tries: Number(looked), refused: false, evidence: words };
  });

  attack(
    'C4-race',
    'links in place of what is half-written in a folder of the app',
    async (build) => {
      await using it = await victim(host(), build, 'c4r');
      await it.deploy();
      await it.as(`mkdir ${it.root}/data/bin`);
      const outside = await attacker(host(), it.name, 'temporary', `${it.root}/data/bin`, `${it.canary}/f0`);
      return await besiege(it, build, 4, outside.stop, (round) => {
        it.tasks([{ files: Array.from({ length: 50 }, (_, i) => script(it, i, `echo ${round}\n`)) }]);
        return it.deploy();
      });
    },
    0,
  );

  attack(
    'C9',
    'a parent of folders swapped for a link between the look and the work',
    async (build) => {
      await using it = await victim(host(), build, 'c9');
      await it.deploy();
      await it.as(`cd ${it.root}/data && mkdir a && ln -s ${it.canary} l`);
      const folders = Array.from({ length: 40 }, (_, i) => ({ path: `data/a/p${i}`, owner: it.name }));
      it.tasks([{ directories: folders }]);
      const outside = await attacker(
        host(),
        it.name,
        'swap',
        // The first of the folders says that fleet is at work on the others.
        `${it.root}/data/a`,
        `${it.root}/data/a`,
        `${it.root}/data/l`,
      );
      return await besiege(it, build, 6, outside.stop, async () => {
        // As the account: root would follow the link here itself.
        await it.as(`rm -rf ${it.root}/data/a/p* 2>/dev/null; true`);
        return it.deploy();
      });
    },
    500,
  );
});
