import { describe } from 'vitest';
import { drawn } from '../rig/index.ts';
import { attack } from './attack.ts';
import { armedHosts, attacker, idle } from './attacker.ts';
import { besiege } from './siege.ts';
import { type Victim, victim } from './victim.ts';

// A release that was lent to a build step, or to the login that sends code, as the tool that makes root write elsewhere.

const hosts = armedHosts({ edge: 'plain', tiny: 'busybox' });

const PAIRS = 200;
describe.each(drawn('edge', 'tiny'))('on %s', (name) => {
  const host = () => hosts[name];

  attack(
    'C1',
    'folders swapped for links while a lent release is taken back',
    async (build) => {
      await using it = await victim(host(), build, 'c1');
      const born = idle(host(), 'born', 'b', it.canary, String(PAIRS));
      const outside = await attacker(host(), it.name, 'lent', `${it.root}/releases`, 'o', it.canary, String(PAIRS));
      // It is at work before the step ends, however slow the machine is.
      const script =
        '"$@" </dev/null >/dev/null 2>&1 & n=0; until grep -qs [1-9] "$3" || [ $n = 200 ]; do sleep 0.1; n=$((n + 1)); done; sleep 0.3';
      const step = ['sh', '-c', script, 'sh', ...born.words];
      it.tasks([{ run: { command: step } }]);
      return await besiege(it, build, 5, async () => (await born.stop()) + (await outside.stop()));
    },
    5000,
  );

  attack('C2', 'a link among the parents of a data folder in the release', async (build) => {
    await using it = await victim(host(), build, 'c2');
    it.tasks([{ run: { command: ['ln', '-s', it.canary, 'var'] } }], { data: ['var/precious'] });
    return await besiege(it, build, 1);
  });

  attack(
    'C2-race',
    'a parent of data folders swapped for a link while the release is sealed',
    async (build) => {
      await using it = await victim(host(), build, 'c2r');
      const step = ['sh', '-c', 'mkdir -p var/a && chmod 777 var && sleep 0.3'];
      const data = Array.from({ length: 40 }, (_, i) => `var/a/p${i}`);
      it.tasks([{ run: { command: step } }], { data });
      const outside = await attacker(host(), it.name, 'within', `${it.root}/releases`, 'var/a', 'var/l', it.canary);
      return await besiege(it, build, 4, outside.stop);
    },
    1000,
  );

  attack('lend', "a hard link to a file of root's in a release that is lent twice", async (build) => {
    await using it = await victim(host(), build, 'lend');
    it.tasks([
      { run: { command: ['ln', `${it.canary}/open`, 'open'] } },
      { run: { command: ['sh', '-c', 'stat -c %U open >owner'] } },
    ]);
    return await besiege(it, build, 1);
  });
});

// GNU's makes a link that leads out of the tree last, and only where it has kept its place.
describe('where tar is not GNU’s', () => {
  attack(
    'C1-copy',
    'folders of the copy swapped for links before root has made the links in them',
    async (build) => {
      await using it = await victim(hosts.tiny, build, 'c1y');
      const step = `chmod 777 . && for i in 0 1 2 3 4 5 6 7; do mkdir -m 777 d$i && ln -s x d$i/planted$i; done
        dd if=/dev/zero of=big bs=1M count=40 2>/dev/null`;
      it.tasks([{ run: { command: ['sh', '-c', step] } }]);
      const outside = await attacker(hosts.tiny, it.name, 'copied', `${it.root}/releases`, it.canary);
      return await besiege(it, build, 4, outside.stop);
    },
    100,
  );
});

describe('by the login that sends code', () => {
  const coder = 'plainuser';
  const fields = { uploadUser: coder };
  const host = () => hosts.edge;
  /** So much that there is time while it is sent. */
  const bulk = (it: Victim) => {
    for (let i = 0; i < 300; i += 1) it.project.write(`app/bulk/${i}`, `${i}\n`.repeat(2000));
  };

  attack(
    'C1-code',
    'folders swapped for links while the release is taken back from it',
    async (build) => {
      await using it = await victim(host(), build, 'c1c', { fields });
      bulk(it);
      const outside = await attacker(host(), coder, 'lent', `${it.root}/releases`, 'o', it.canary, String(PAIRS));
      return await besiege(it, build, 4, outside.stop);
    },
    1000,
  );

  attack('C3', 'a link in place of a folder that a small file goes to', async (build) => {
    await using it = await victim(host(), build, 'c3', { fields });
    bulk(it);
    it.tasks([{ files: [{ content: 'planted\n', to: 'conf/job' }] }]);
    const outside = await attacker(host(), coder, 'plant', `${it.root}/releases`, 'conf', it.canary);
    return await besiege(it, build, 3, outside.stop);
  });

  attack('C3-sync', 'a link in place of a folder that a second tree goes to', async (build) => {
    await using it = await victim(host(), build, 'c3s', { fields });
    bulk(it);
    it.project.write('more/file', 'more\n');
    it.tasks([{ sync: { from: 'more', to: 'conf/deep' } }]);
    const outside = await attacker(host(), coder, 'plant', `${it.root}/releases`, 'conf', it.canary);
    return await besiege(it, build, 3, outside.stop);
  });
});
