import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { afterAll, beforeAll, describe } from 'vitest';
import { drawn } from '../rig/index.ts';
import { attack } from './attack.ts';
import { armedHosts } from './attacker.ts';
import { besiege, told } from './siege.ts';
import { victim } from './victim.ts';

// Second names of root's files among the account's own, which a kernel may let everybody make. The switch is that of
// the machine that the hosts run on: a child holds it, and puts it back as soon as this process has ended, however.

const SWITCH = '/proc/sys/fs/protected_hardlinks';
const HOLD = 'was=$(cat "$0") && echo 0 >"$0" && echo held && cat >/dev/null; echo "$was" >"$0"';

/** Whether this process may turn the switch; where it may not, nothing here can be shown, and the tests are skipped. */
function mayTurn(): boolean {
  try {
    accessSync(SWITCH, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

describe.runIf(mayTurn())('where everybody may link to every file', () => {
  let held: ReturnType<typeof spawn>;
  beforeAll(async () => {
    held = spawn('sh', ['-c', HOLD, SWITCH], { stdio: ['pipe', 'pipe', 'inherit'] });
    await new Promise((resolve, reject) => held.stdout?.once('data', resolve).once('end', reject));
  });
  afterAll(async () => {
    held.stdin?.end();
    await new Promise((resolve) => held.once('close', resolve));
  });
  const hosts = armedHosts({ edge: 'plain', tiny: 'busybox' });

  describe.each(drawn('edge', 'tiny'))('on %s', (name) => {
    attack('hard-release', "a file of root's in a release that is lent twice", async (build) => {
      await using it = await victim(hosts[name], build, 'hardr');
      it.tasks([
        { run: { command: ['ln', `${it.canary}/f0`, 'f0'] } },
        { run: { command: ['sh', '-c', 'stat -c %U f0 >owner'] } },
      ]);
      return await besiege(it, build, 1);
    });

    attack('hard-files', "files of root's where fleet puts, replaces, notes and takes back files", async (build) => {
      await using it = await victim(hosts[name], build, 'hardf');
      const files = (content: string) =>
        [0, 1].map((n) => ({ to: `${it.root}/data/bin/f${n}`, content, owner: it.name, mode: '0755' }));
      const log: string[] = [];
      await it.deploy();
      await it.as(`mkdir ${it.root}/data/bin`);
      for (const tasks of [[{ files: files('old\n') }], [{ files: files('new\n') }], []]) {
        it.tasks(tasks);
        const { outcome, words } = await it.deploy();
        log.push(`${outcome} ${words}`);
        await it.as(`cd ${it.root}/data/bin && ln -f ${it.canary}/f0 f0; ln -f ${it.canary}/f1 f1; true`);
      }
      await it.project.fleet('rollback', '--all', '--yes');
      // Nor may what stood there come to be readable as a copy.
      const copies = await it.as(`grep -rls "^root's" ${it.root}; true`);
      const harm = [...(await it.harm()), ...copies.split('\n').filter(Boolean)];
      return { won: harm.length > 0, tries: 1, refused: false, evidence: told(harm, log) };
    });
  });
});
