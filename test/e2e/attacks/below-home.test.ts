import { describe, expect, it } from 'vitest';
import { cli } from '../fleet.ts';
import { drawn } from '../rig/index.ts';
import { attack, type Build } from './attack.ts';
import { armedHosts, attacker } from './attacker.ts';
import { besiege } from './siege.ts';
import { victim } from './victim.ts';

// An app below the home of its own account: the folder that the root stands in is not root's.

const hosts = armedHosts({ edge: 'plain', tiny: 'busybox' });

/** An app below the home of its own account, as many hosts that were set up by hand have it. */
async function home(build: Build, name: 'edge' | 'tiny', id: string) {
  const user = `${id}-${build.tag}`;
  const folder = `/home/${user}`;
  const app = await victim(hosts[name], build, id, { root: `${folder}/svc`, home: folder });
  await hosts[name].out(`mkdir -m 755 ${folder} && chown ${user}: ${folder}`);
  return { folder, app };
}

describe.each(drawn('edge', 'tiny'))('on %s', (name) => {
  const host = () => hosts[name];
  it('is deployed to, and to do it again changes nothing', async () => {
    const { app } = await home({ cli, tag: 'plain', once: false }, name, 'below');
    await using it = app;
    expect(await it.deploy()).toMatchObject({ outcome: 'deployed' });
    expect((await it.project.human('plan', '--all')).stdout).toContain('unchanged');
  });

  attack(
    'C5a',
    'the root swapped for another folder while fleet writes in it',
    async (build) => {
      const { app, folder } = await home(build, name, 'c5a');
      await using it = app;
      const evil = `${folder}/evil`;
      await it.as(`mkdir ${evil} && cd ${evil} && for f in releases data; do ln -s ${it.canary}/precious $f; done`);
      const round = (n: number) => {
        it.project.env({ ROUND: String(n) });
        // Each is one more moment in which something half-written stands in the root.
        const files = Array.from({ length: 40 }, (_, i) => ({ to: `${it.root}/f${i}`, content: `${n}\n` }));
        it.tasks([{ env: { from: 'secrets/app.env' } }, { files }]);
        return it.deploy();
      };
      const looking = await attacker(host(), it.name, 'root', it.root, evil, `${it.canary}/f0`);
      const first = await besiege(it, build, 4, looking.stop, round);
      if (first.won && build.once) return first;
      const blind = await attacker(host(), it.name, 'blind', it.root, evil);
      const second = await besiege(it, build, 4, blind.stop, (n) => round(n + 4));
      return {
        won: first.won || second.won,
        tries: first.tries + second.tries,
        refused: first.refused && second.refused,
        evidence: `looking: ${first.evidence}, ${first.tries} times; blind: ${second.evidence}, ${second.tries} times`,
      };
    },
    100,
  );

  attack('steps-root', 'the root swapped by a step before the start', async (build) => {
    const { app, folder } = await home(build, name, 'steps-root');
    await using it = app;
    await it.deploy();
    it.project.env({ KEY: 'value' });
    const swap = `cd ${folder} && mv svc aside && ln -s ${it.canary}/precious svc`;
    const run = { command: ['sh', '-c', swap], when: 'before-start' };
    it.tasks([{ env: { from: 'secrets/app.env' } }, { run }]);
    return await besiege(it, build, 1);
  });

  attack('C5b', 'a generation that is no number, with a program for root to run', async (build) => {
    const { app, folder } = await home(build, name, 'c5b');
    await using it = app;
    const { outcome, words } = await it.deploy();
    if (outcome === 'untouched') return { won: false, tries: 1, refused: true, evidence: words };
    await it.as(`cd ${folder} && mkdir evil && echo x.service >evil/start && echo x.service >evil/enable
        printf 'version 1\\nruntime ${folder}/pwn\\nuser -\\nbase 0\\ndigest -\\n' >evil/manifest
        for v in show enabled stop start restart log; do printf '#!/bin/sh\\nid -u >>${folder}/ran\\n' >pwn_$v; done; chmod 755 pwn_*
        mv svc svc.real && mkdir svc && ln -s releases/1/../../../../../..${folder}/evil svc/current`);
    for (const command of ['status', 'plan', 'health', 'deploy']) await it.project.human(command, '--all');
    const ran = await host().out(`cat ${folder}/ran 2>/dev/null; true`);
    return {
      won: ran.split('\n').includes('0'),
      tries: 1,
      refused: false,
      evidence: `ran as ${ran.split('\n').join(' ')}`,
    };
  });
});
