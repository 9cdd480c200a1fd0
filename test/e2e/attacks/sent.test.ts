import { afterAll, beforeAll, describe } from 'vitest';
import { only, parseRun, said } from '../fleet.ts';
import { drawn, type Hosts, startHosts } from '../rig/index.ts';
import { attack } from './attack.ts';
import { victim } from './victim.ts';

// A file of the project that is another one while it is sent, and the old one again afterwards: an editor, a checkout,
// a build. By rsync where the host has it, by tar where it has not.

const KINDS = { edge: 'plain', tiny: 'busybox' } as const;
let hosts: Hosts<typeof KINDS>;
beforeAll(async () => {
  hosts = await startHosts(KINDS);
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

describe.each(drawn('edge', 'tiny'))('on %s', (name) => {
  attack('C11', 'other bytes than were hashed, recorded as good', async (build) => {
    await using it = await victim(hosts[name], build, 'c11');
    const log: string[] = [];
    let won = false;
    for (let round = 1; round <= 4 && !(won && build.once); round += 1) {
      const [good, torn] = [`good ${round}\n`, `torn ${round}\n`];
      it.project.write('app/held', good);
      const running = it.project.start(['deploy', '--all', '--json']);
      await said(running, '"planned"');
      it.project.write('app/held', torn);
      const { outcome, generation } = only(parseRun(await running.ended));
      it.project.write('app/held', good);
      const sent = await hosts[name].sh(`cat ${it.root}/releases/${generation ?? 0}/held`);
      const plan = await it.project.human('plan', '--all', '--exit-code');
      log.push(`${outcome}, there is ${sent.stdout.trim()}, plan ends with ${plan.code}`);
      won ||= outcome === 'deployed' && sent.stdout !== good && plan.code === 0;
    }
    return { won, tries: log.length, refused: false, evidence: log.join('; ') };
  });
});
