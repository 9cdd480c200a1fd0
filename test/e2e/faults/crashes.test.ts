import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Project } from '../fleet.ts';
import { drawn, startHost, type TestHost } from '../rig/index.ts';
import { become, byHand, faultyProject, madeFor, ROOT } from './app.ts';
import { committed, install, recover, transact, undo, verdict } from './crash.ts';
import { differences, look } from './look.ts';
import { deploy } from './operator.ts';
import { random, SEED, sample, tally } from './sweep.ts';

type Case = {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Seconds; what does not come up needs one to be found out. */
  readonly settle: number;
  readonly draws: number;
  /** What finishes it: the next command, or the host's own boot after a power cut. */
  readonly by: 'recover' | 'boot';
};

/** Generation 1 is version one, 2 is version two, 3 never came up, and 0 is a host that was set up by hand. */
const CASES: readonly Case[] = [
  { name: 'an upgrade', from: 1, to: 2, settle: 0, draws: 2, by: 'recover' },
  { name: 'an upgrade to what does not come up', from: 1, to: 3, settle: 1, draws: 2, by: 'recover' },
  { name: 'a first deploy', from: 0, to: 1, settle: 0, draws: 1, by: 'recover' },
  { name: 'a first deploy of what does not come up', from: 0, to: 3, settle: 1, draws: 1, by: 'recover' },
  { name: 'a removal', from: 2, to: 0, settle: 0, draws: 1, by: 'recover' },
  { name: 'a first deploy under a power cut', from: 0, to: 1, settle: 0, draws: 1, by: 'boot' },
  { name: 'an upgrade under a power cut', from: 1, to: 2, settle: 0, draws: 1, by: 'boot' },
  { name: 'an upgrade to what does not come up under a power cut', from: 1, to: 3, settle: 1, draws: 1, by: 'boot' },
];

/** The journal's phase, and the file that it was about to become. */
const JOURNAL = /^[-+] (phase |.*\/\.fleet\.[\w-]+\.\w{6}( |$))/;

const WANTS = '/etc/systemd/system/multi-user.target.wants';

/** What was made ready for a deploy, and the note of what is not proved yet. */
const READY = /^[-+] \/(etc\/(passwd|group)|etc\/systemd\/system\/made\.d|var\/lib\/fleet\/\w+\/unproven) /;

describe.each(drawn(['web', 'systemd'], ['edge', 'plain']))('on %s', (name, kind) => {
  let host: TestHost;
  const whole = new Map<number, string[]>();
  let project: Project;
  let count = 0;
  const id = () => `t${++count}`;
  const active = async () => Number((await host.out(`readlink ${ROOT}/current || echo x/0`)).split('/')[1]);

  /** A transaction that nothing disturbs. */
  async function go(to: number): Promise<number> {
    const from = await active();
    if (from === to) return 0;
    const { steps, died } = await transact(host, { txn: id(), from, to, settle: 0, at: 0, all: true });
    expect({ died, active: await active() }).toEqual({ died: false, active: to });
    return steps;
  }

  beforeAll(async () => {
    host = await startHost(name, kind);
    project = await faultyProject(host);
    for (const version of ['one', 'two', 'broken'] as const) {
      become(project, version);
      expect((await deploy(project)).end).toBe(version === 'broken' ? 'reverted' : 'deployed');
    }
    await install(host);
    await go(0);
    await host.out(byHand(kind));
    const hand = await look(host);
    for (const generation of [1, 2, 0]) {
      await go(generation);
      whole.set(generation, await look(host));
    }
    expect(differences(should(0), hand)).toEqual([]);
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await host?.[Symbol.asyncDispose]();
  });

  const should = (generation: number) => whole.get(generation) ?? [];

  // Without systemd nothing of a first deploy starts at boot before it is proved: the next command finishes it.
  for (const each of CASES.filter(({ from, by }) => kind === 'systemd' || from > 0 || by === 'recover')) {
    it(`${each.name} that dies behind any of its steps ends whole, at what the host has decided`, {
      timeout: 7_200_000,
    }, async () => {
      const { from, to, settle } = each;
      await go(from);
      if (to === 3) await host.out(madeFor);
      const { steps } = await transact(host, { txn: id(), from, to, settle, at: 0, all: true });
      const draw = random(SEED + from * 10 + to);
      // A boot takes several times as long, and shows the same function at work.
      const all = Array.from({ length: steps }, (_, i) => i + 1).filter((i) => each.by === 'recover' || i % 4 === 0);
      const points = sample(all, each.draws);
      const wrong: string[] = [];
      let deaths = 0;
      for (const at of points) {
        await go(from);
        // What never came up leaves nothing of what was made ready for it.
        if (to === 3) await host.out(madeFor);
        const txn = id();
        const { died } = await transact(host, { txn, from, to, settle, at, all: draw() < 0.7 });
        if (died) deaths += 1;
        const decided = await verdict(host, txn);
        if (decided === null) await undo(host);
        const again = draw() < 0.5 ? 1 + Math.floor(draw() * 40) : 0;
        const found = await (each.by === 'boot' ? boots(txn, from, to) : recovers(txn, again, from, to));
        if (found.length > 0) wrong.push([`step ${at}, again at ${again}, decided ${decided}:`, ...found].join('\n'));
      }
      tally(`${name} ${each.name}: ${points.length} of ${steps} points, ${deaths} deaths`, wrong);
      expect(wrong.join('\n\n')).toBe('');
    });
  }

  /** The differences to the generation that the host has decided on. */
  async function lacks(txn: string, from: number, to: number): Promise<string[]> {
    return differences(await look(host), should((await committed(host, txn)) ? to : from));
  }

  /** @param again the step behind which recovery itself dies, first; 0 for none */
  async function recovers(txn: string, again: number, from: number, to: number): Promise<string[]> {
    if (again > 0) await recover(host, again);
    const { code, said } = await recover(host);
    return [...(code === 0 ? [] : [`recover ended with ${code}: ${said}`]), ...(await lacks(txn, from, to))];
  }

  /** A boot makes the host whole; before anything live is touched, and after all is done, only the journal is behind. */
  async function boots(txn: string, from: number, to: number): Promise<string[]> {
    // Where the boot does not know of it yet nothing live has changed, and what was made ready waits for the next command.
    const knows = kind !== 'systemd' || (await host.out(`ls ${WANTS}`)).includes('fleet-recover-');
    await host.kill();
    await host.start();
    await install(host);
    const behind = (line: string) => JOURNAL.test(line) || (!knows && READY.test(line));
    const live = async () => (await lacks(txn, from, to)).filter((line) => !behind(line));
    let found = await live();
    // What a boot starts takes a moment.
    for (const end = Date.now() + 30_000; found.length > 0 && Date.now() < end; ) found = await live();
    return [...found, ...(await recovers(txn, 0, from, to))];
  }
});
