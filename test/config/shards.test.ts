import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../src/config/diagnostics/diagnostic.ts';
import { resolveTargets } from '../../src/config/resolve.ts';
import { partsOf } from '../../src/config/shards.ts';
import { type HostName, hostName } from '../../src/model/ids.ts';
import { projectWith } from './loaded.ts';

/** Hosts by name, of which those with the same number are one machine. */
const fleets = fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/), fc.nat(20), { maxKeys: 30 });
const leads = (fleet: Readonly<Record<string, number>>): ReadonlyMap<HostName, string> =>
  new Map(Object.entries(fleet).map(([name, machine]) => [hostName(name), `machine ${machine}`]));

describe('the parts of a fleet', () => {
  it('have each host once, names of one machine together, whatever order they stand in', () => {
    fc.assert(
      fc.property(fleets, fc.integer({ min: 1, max: 9 }), (fleet, of) => {
        const parts = partsOf(leads(fleet), of);
        expect([...parts.keys()].sort()).toEqual(Object.keys(fleet).sort());
        for (const part of parts.values()) expect(part >= 1 && part <= of).toBe(true);
        for (const [a, machine] of Object.entries(fleet))
          for (const [b, other] of Object.entries(fleet))
            if (machine === other) expect(parts.get(hostName(a))).toBe(parts.get(hostName(b)));
        const turned = Object.fromEntries(Object.entries(fleet).reverse());
        expect(new Map([...partsOf(leads(turned), of)].sort())).toEqual(new Map([...parts].sort()));
      }),
    );
  });

  it('keep a host where it is when others come and go', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 2 }), (names) => {
        const apart = Object.fromEntries(names.map((name, i) => [name, i]));
        const [gone = '', ...others] = names;
        const { [gone]: _, ...fewer } = apart;
        const [before, after] = [partsOf(leads(apart), 4), partsOf(leads(fewer), 4)];
        for (const name of others) expect(after.get(hostName(name))).toBe(before.get(hostName(name)));
      }),
    );
  });

  it('are about as large as each other', () => {
    const names = Array.from({ length: 200 }, (_, i) => [`web-${String(i).padStart(3, '0')}`, i]);
    const sizes = new Map<number, number>();
    for (const part of partsOf(leads(Object.fromEntries(names)), 4).values())
      sizes.set(part, (sizes.get(part) ?? 0) + 1);
    expect([...sizes.keys()].sort()).toEqual([1, 2, 3, 4]);
    for (const size of sizes.values()) expect(size >= 35 && size <= 65).toBe(true);
  });
});

const HOSTS = ['h0', 'h1', 'h2', 'h3', 'h4', 'h5'];
const FILES = {
  'inventory/hosts.yaml': `hosts:\n${HOSTS.map((name, i) => `  ${name}: { address: 192.0.2.${i} }\n`).join('')}`,
  'playbooks/app.yaml': `name: app\nhosts: [${HOSTS.join(', ')}]\nroot: /opt/app\n`,
  'playbooks/more.yaml': 'name: more\nhosts: [h1, h2]\nroot: /opt/more\n',
};

/** What each of so many shards does, or why it does nothing. */
async function all(of: number, files: Readonly<Record<string, string>> = {}, ordered = true) {
  await using folder = await projectWith({ ...FILES, ...files });
  const everything = { hosts: [], groups: [], apps: [], all: true };
  return Promise.all(
    Array.from({ length: of }, async (_, i) => {
      const shard = { part: i + 1, of, ordered };
      const result = await resolveTargets(folder.project, { ...everything, shard });
      if (!result.ok) return { pairs: [], batches: [], said: result.failure.map(formatDiagnostic).join('\n') };
      const { targets, warnings } = result.value;
      return {
        pairs: targets.map(({ host, app }) => `${app} ${host}`),
        batches: targets.flatMap(({ app, policy }) => (app === 'app' ? [policy.batch] : [])),
        said: warnings.join('\n'),
      };
    }),
  );
}

const playbook = (deploy: string, rest = '') => ({
  'playbooks/app.yaml': `${FILES['playbooks/app.yaml']}deploy: { ${deploy} }\n${rest}`,
});

describe('a selection in shards', () => {
  it('is the whole of it, with all apps of a host in one', async () => {
    const shards = await all(3);
    const whole = (await all(1)).flatMap(({ pairs }) => pairs);
    expect(whole).toHaveLength(8);
    expect(shards.flatMap(({ pairs }) => pairs).sort()).toEqual([...whole].sort());
    for (const { pairs } of shards) {
      expect(pairs.length).toBeGreaterThan(0);
      for (const host of ['h1', 'h2']) expect(pairs.includes(`app ${host}`)).toBe(pairs.includes(`more ${host}`));
    }
  });

  it('has an error of a name in the same shard as the other name of its machine', async () => {
    const twin = FILES['inventory/hosts.yaml'].replace('192.0.2.5', '192.0.2.0');
    const told = (await all(3, { 'inventory/hosts.yaml': twin })).map(({ said }) => said);
    expect(told.filter((said) => said.includes('h5 is the same machine as h0'))).toHaveLength(1);
  });

  it('says so where a shard is empty', async () => {
    const one = {
      'playbooks/app.yaml': 'name: app\nhosts: [h0]\nroot: /opt/app\n',
      'playbooks/more.yaml': FILES['playbooks/more.yaml'].replace('h1, h2', 'h0'),
    };
    const shards = await all(2, one);
    const empty = shards.find(({ pairs }) => pairs.length === 0);
    expect(shards.map(({ pairs }) => pairs.length).sort()).toEqual([0, 2]);
    const [mine, other] = shards[0] === empty ? ['1/2', '2/2'] : ['2/2', '1/2'];
    expect(empty?.said).toBe(`--shard ${mine} has no hosts, so nothing is done: the selection (1 host) is in ${other}`);
  });

  it.each(['batch: 7', 'batch: 50%'])('has no more hosts at work than %s says', async (deploy) => {
    const batches = (await all(3, playbook(deploy))).map((shard) => shard.batches[0] ?? 0);
    const whole = (await all(1, playbook(deploy)))[0]?.batches[0];
    expect(batches.reduce((sum, batch) => sum + batch, 0)).toBe(whole);
    expect(Math.min(...batches)).toBeGreaterThan(0);
  });
});

const POLLER = `exclusive: [{ name: poller, units: [p.service], when: "{{ polls }}" }]
vars: { polls: false }
tasks: [{ units: { enable: [p.service] } }]
`;
const polling = (...hosts: string[]) => ({
  'inventory/hosts.yaml': FILES['inventory/hosts.yaml'].replace('h0: {', 'h0: { vars: { polls: true },'),
  ...playbook('batch: 10', POLLER),
  'playbooks/app.yaml': `name: app\nhosts: [${hosts.join(', ')}]\nroot: /opt/app\n${POLLER}`,
});

describe('what shards could not keep', () => {
  it.each([
    [
      'canary: 1',
      'playbooks/app.yaml:4:19',
      'with --shard no host could wait for the success of the canaries',
      'set canary: 0',
    ],
    ['confirm: together', 'playbooks/app.yaml:4:20', 'no host could wait for all others', 'without --shard'],
    ['batch: 2', 'playbooks/app.yaml:4:18', 'more than 2 hosts would be at work at a time', 'no more than 2 shards'],
    ['batch: 10%', 'playbooks/app.yaml:4:18', 'more than 1 host would be at work', 'no more than 1 shard'],
  ])('%s is refused in each of them, with its place, the cause and the cure', async (deploy, place, cause, cure) => {
    for (const { pairs, said } of await all(3, playbook(deploy))) {
      expect(pairs).toEqual([]);
      expect(said).toContain(`${place}: with --shard `);
      expect(said).toContain(cause);
      expect(said).toContain('the hosts of app are in 3 shards: 1/3, 2/3 and 3/3');
      expect(said).toContain(cure);
    }
  });

  it.each(['canary: 1', 'confirm: together', 'batch: 1'])(
    '%s is no matter to who only looks, nor in one shard',
    async (deploy) => {
      for (const { said } of await all(3, playbook(deploy), false)) expect(said).not.toContain('--shard');
      expect((await all(1, playbook(deploy)))[0]?.pairs).toHaveLength(8);
    },
  );

  it('is an exclusive name that hosts of other shards may have to give up', async () => {
    for (const { said } of await all(3, polling(...HOSTS)))
      expect(said).toContain(
        'with --shard h0 could not wait until hosts of other shards have given up "poller", which it is to have',
      );
    const alone = await all(3, polling('h0'));
    expect(alone.flatMap(({ pairs }) => pairs)).toContain('app h0');
    // Nobody takes it over.
    const { 'inventory/hosts.yaml': _, ...nobody } = polling(...HOSTS);
    expect((await all(3, nobody)).flatMap(({ pairs }) => pairs)).toHaveLength(8);
  });

  it('is one that another app has to give up, too', async () => {
    const [far = ''] = (await all(3)).find(({ pairs }) => !pairs.includes('app h0'))?.pairs ?? [];
    const other = `name: more\nhosts: [${far.split(' ')[1]}]\nroot: /opt/more\n${POLLER}`;
    for (const { said } of await all(3, { ...polling('h0'), 'playbooks/more.yaml': other }))
      expect(said).toContain('given up "poller"');
  });
});
