import { afterAll, beforeAll, expect, it } from 'vitest';
import { deploy } from '../faults/operator.ts';
import { fleetProject, type Project } from '../fleet.ts';
import { startHost, type TestHost } from '../rig/index.ts';

const ROOT = '/opt/fifty';
const UNIT = `[Service]
WorkingDirectory=${ROOT}/current
ExecStart=/bin/sh -c "while :; do sleep 1; done"
Restart=on-failure
`;

let host: TestHost;
beforeAll(async () => {
  host = await startHost('race', 'plain');
});
afterAll(() => host?.[Symbol.asyncDispose]());

/** An operator's own version of one app. The winner settles for longer than all the others need to come and look. */
const operator = (version: string): Promise<Project> =>
  fleetProject({
    hosts: { it: host },
    files: { 'app/VERSION': `${version}\n` },
    units: { 'fifty.service': UNIT },
    playbook: {
      ...{ name: 'fifty', root: ROOT, hosts: ['it'] },
      deploy: { settle: '15s', deadline: '60s' },
      tasks: [{ sync: { from: 'app' } }, { units: { from: 'units', enable: ['fifty.service'] } }],
    },
  });

it('of 50 deploys at once one wins; the others are told why and change nothing', { timeout: 180_000 }, async () => {
  const projects = await Promise.all(Array.from({ length: 50 }, (_, i) => operator(`version-${i}`)));
  try {
    const ends = await Promise.all(projects.map((project) => deploy(project)));
    const winners = ends.flatMap(({ end }, i) => (end === 'deployed' ? [i] : []));
    expect(winners).toHaveLength(1);
    const losers = ends.filter(({ end }) => end !== 'deployed');
    expect(losers.filter((one) => one.end !== 'untouched' || one.failure.kind !== 'locked')).toEqual([]);
    expect(await host.out(`cat ${ROOT}/current/VERSION; ls ${ROOT}/releases`)).toBe(`version-${winners[0]}\n1`);
    expect(await host.out('pgrep -fc "[s]leep 1$"')).toBe('1');
    expect(
      await host.out('sed -n "s/^phase //p" /var/lib/fleet/fifty/state; ls /var/lib/fleet/fifty/generations'),
    ).toBe('IDLE\n0\n1');
  } finally {
    await Promise.all(projects.map((project) => project[Symbol.asyncDispose]()));
  }
});

it('a switch from a generation that is not active any more is refused by the host itself', async () => {
  const call = (from: number) =>
    host.sh(`sh /var/lib/fleet/fifty/host.sh ${ROOT} fifty activate late-${from} ${from} 1 1 20 5 somebody deploy`);
  expect((await call(7)).stdout).toContain('end conflict 1');
  expect(await host.out(`readlink ${ROOT}/current; sed -n "s/^phase //p" /var/lib/fleet/fifty/state`)).toBe(
    'releases/1\nIDLE',
  );
  // The same call from what is active does begin: nobody confirms it, so it is taken back.
  expect((await call(1)).stdout).toContain('phase settle');
});
