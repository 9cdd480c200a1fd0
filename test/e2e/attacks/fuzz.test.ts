import { beforeAll, describe } from 'vitest';
import { drawn } from '../rig/index.ts';
import { attack, LONG, ROUNDS, SEED } from './attack.ts';
import { armedHosts } from './attacker.ts';
import { fuzz } from './fuzz.ts';

const hosts = armedHosts({ web: 'systemd', tiny: 'busybox' });
beforeAll(() => hosts.tiny.writeFile('/etc/rc.local', '#!/bin/sh\n', 0o755));

// Who may turn away the folder that the app's root stands in sees little else happen, and it takes long.
const STORIES = [...drawn(['web', 'opt'], ['tiny', 'opt']), ...(LONG ? [['web', 'home'] as const] : [])] as const;

describe.each(STORIES)('on %s, below %s', (name, below) => {
  const story = { rounds: ROUNDS, seed: SEED, below };
  // Some rounds end at once, since what was prepared is refused.
  attack(
    'fuzz',
    `at random, with seed ${SEED}`,
    (build) => fuzz(hosts[name], build, story),
    100 * ROUNDS,
    900_000 + 120_000 * ROUNDS,
    true,
  );
});
