import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostOutcome } from '../../../src/model/outcome.ts';
import type { Project } from '../fleet.ts';
import { drawn, startHost, type TestHost } from '../rig/index.ts';
import { become, faultyProject, type Version } from './app.ts';
import { type Fault, faulty, HOWS } from './faulty.ts';
import { differences, look, quiet, withoutStaged } from './look.ts';
import { deploy, removeAll } from './operator.ts';
import { random, SEED, sample, tally } from './sweep.ts';

describe.each(drawn(['web', 'systemd'], ['edge', 'plain']))('on %s', (name, kind) => {
  let host: TestHost;
  let project: Project;
  const whole = new Map<Version | 'none', string[]>();
  const should = (what: Version | 'none') => whole.get(what) ?? [];
  let calls: readonly string[] = [];

  beforeAll(async () => {
    host = await startHost(name, kind);
    project = await faultyProject(host);
    whole.set('none', await look(host));
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await host?.[Symbol.asyncDispose]();
  });

  /** Every way to fail at every call that a deploy without a fault makes. */
  const faults = (draws: number, seed: number): Fault[] => {
    const draw = random(SEED + seed);
    const all = calls.flatMap((_, i) => HOWS.map((how) => ({ at: i + 1, how, delayMs: Math.floor(draw() * 300) })));
    return sample(all, draws, SEED + seed);
  };

  /** Which of the states the host is in once it is quiet; what was staged for nobody is the next deploy's to remove. */
  async function standing(states: readonly (Version | 'none')[]): Promise<Version | 'none' | string> {
    await quiet(host);
    const now = withoutStaged(await look(host));
    const found = states.find((state) => differences(now, withoutStaged(should(state))).length === 0);
    return (
      found ??
      `between:\n${states.map((state) => `not ${state}:\n${differences(now, withoutStaged(should(state))).join('\n')}`).join('\n')}`
    );
  }

  const agrees = (outcome: HostOutcome, stands: string, before: string, after: string): boolean => {
    switch (outcome.end) {
      case 'deployed':
        return stands === after;
      case 'untouched':
      case 'reverted':
        return stands === before;
      case 'unknown':
        return stands === before || stands === after;
      default:
        return false;
    }
  };

  it('a first deploy with a fault at any call leaves nothing live or all of it, and says which', {
    timeout: 7_200_000,
  }, async () => {
    become(project, 'one');
    const clean = faulty(null);
    expect((await deploy(project, clean)).end).toBe('deployed');
    calls = clean.calls;
    whole.set('one', await look(host));
    expect((await removeAll(project)).end).toBe('removed');
    expect(differences(await look(host), should('none'))).toEqual([]);
    const wrong: string[] = [];
    const trials = faults(4, 1);
    for (const fault of trials) {
      const between = faulty(fault);
      const outcome = await deploy(project, between);
      const label = `${fault.how} at ${fault.at} (${between.hit()}) after ${fault.delayMs} ms: ${said(outcome)}`;
      const stands = await standing(['none', 'one']);
      if (!agrees(outcome, stands, 'none', 'one')) wrong.push(`${label}; the host: ${stands}`);
      const next = await deploy(project);
      const now = differences(await look(host), should('one'));
      if ((next.end !== 'deployed' && next.end !== 'unchanged') || now.length > 0)
        wrong.push([`${label}; the next deploy: ${said(next)}`, ...now].join('\n'));
      const gone = await removeAll(project);
      const rest = differences(await look(host), should('none'));
      if (gone.end !== 'removed' || rest.length > 0) {
        wrong.push([`${label}; the removal after that: ${said(gone)}`, ...rest].join('\n'));
        await host.out(
          `userdel faulty 2>/dev/null; rm -rf /opt/faulty /var/lib/fleet/faulty; rmdir /var/lib/fleet 2>/dev/null; true`,
        );
      }
    }
    tally(`${name}: first deploys, ${trials.length} faults at ${calls.length} calls`, wrong);
    expect(wrong.join('\n\n')).toBe('');
  });

  it('an upgrade with a fault at any call leaves one version or the other, and says which', {
    timeout: 7_200_000,
  }, async () => {
    become(project, 'one');
    await deploy(project);
    whole.set('one', await look(host));
    become(project, 'two');
    const clean = faulty(null);
    expect((await deploy(project, clean)).end).toBe('deployed');
    calls = clean.calls;
    whole.set('two', await look(host));
    const wrong: string[] = [];
    const trials = faults(4, 2);
    let [before, after]: [Version, Version] = ['two', 'one'];
    for (const fault of trials) {
      become(project, after);
      const between = faulty(fault);
      const outcome = await deploy(project, between);
      const label = `${fault.how} at ${fault.at} (${between.hit()}) after ${fault.delayMs} ms, ${before} to ${after}: ${said(outcome)}`;
      const stands = await standing([before, after]);
      if (!agrees(outcome, stands, before, after)) wrong.push(`${label}; the host: ${stands}`);
      const next = await deploy(project);
      const now = differences(await look(host), should(after));
      if ((next.end !== 'deployed' && next.end !== 'unchanged') || now.length > 0)
        wrong.push([`${label}; the next deploy: ${said(next)}`, ...now].join('\n'));
      [before, after] = [after, before];
    }
    tally(`${name}: upgrades, ${trials.length} faults at ${calls.length} calls`, wrong);
    expect(wrong.join('\n\n')).toBe('');
  });
});

const said = (outcome: HostOutcome): string => JSON.stringify(outcome).slice(0, 300);
