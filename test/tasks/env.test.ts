import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/model/secret.ts';
import { bindTask } from '../../src/tasks/define.ts';
import { env } from '../../src/tasks/env.ts';
import { filesOf, hostWith, layout, planOf, refusal } from './rig.ts';

const FROM = 'secrets/jarvis.env';
const io = (text: string) =>
  filesOf({ [FROM]: text, '{"command":["sops","-d","x"]}': text, '{"env":"JARVIS_ENV"}': text });
const bind = (text: string, entry: object = {}) =>
  bindTask('env', env, env.schema.parse({ from: FROM, ...entry }), io(text), layout);

describe('the env file', () => {
  it('is written in the canonical dialect, and is one secret', async () => {
    const plan = await planOf(env, { from: FROM }, '', hostWith(), io('# note\nA="x y"\nB=1\n'));
    expect(plan.env?.reveal()).toBe("A='x y'\nB=1\n");
    expect(`${plan.env}`).toBe('[secret .env]');
  });

  it('gives each value to the redactor under the name of its key', async () => {
    const { secrets } = await bind('A=canary-1\nB=\n');
    expect(secrets.map(String)).toEqual(['[secret A]']);
  });

  it('has a digest that follows its content and not its layout', async () => {
    const digest = async (text: string) => (await planOf(env, { from: FROM }, '', hostWith(), io(text))).env?.digest();
    expect(await digest('A=1\n')).toBe(await digest("# x\nA='1'\n"));
    expect(await digest('A=1\n')).not.toBe(await digest('A=2\n'));
  });

  it('has plain values of the playbook on top, which are no secrets', async () => {
    const bound = await bind('A=secret-a\nB=secret-b\nC=both-same\n', {
      set: { B: 'plain value', N: 0.5, ON: true, NONE: '', C: 'both-same' },
      required: ['A', 'ON'],
    });
    expect(bound.plan('', hostWith()).env?.reveal()).toBe(
      "A=secret-a\nB='plain value'\nC=both-same\nN=0.5\nON=true\nNONE=\n",
    );
    expect(bound.secrets.map(String)).toEqual(['[secret A]', '[secret B]']);
    expect(Secret.redactor(bound.secrets)('plain value secret-a secret-b both-same')).toBe(
      'plain value [secret A] [secret B] both-same',
    );
    expect(bound.declares?.envKeys).toEqual(['A', 'B', 'C', 'N', 'ON', 'NONE']);
  });

  it('may come from a variable of the caller or from a command', async () => {
    for (const from of [{ env: 'JARVIS_ENV' }, { command: ['sops', '-d', 'x'] }]) {
      const plan = await planOf(env, { from }, '', hostWith(), io('A=1\n'));
      expect(plan.env?.reveal()).toBe('A=1\n');
    }
  });

  it.each([
    [{ required: ['A', 'B', 'C', 'D'] }, 'A=1\nB=\n', `${FROM} lacks C, D and has no value for B`],
    [{ required: ['A', 'B'], set: { B: '' } }, 'A=1\nB=1\n', `${FROM} has no value for B`],
    [{ required: ['B'] }, "B=''\n", `${FROM} has no value for B`],
    [{ from: { command: ['sops', '-d', 'x'] }, required: ['K'] }, '', 'the output of sops lacks K'],
    [{ from: { env: 'JARVIS_ENV' } }, 'A=b#c', 'the environment variable JARVIS_ENV, line 1: A: # outside quotes'],
    [{}, 'A=1\nB=canary$(id)\nC=canary#\n', `${FROM}:2: B: $ outside quotes`],
    [{}, 'A=1\nB=canary$(id)\nC=canary#\n', `\n${FROM}:3: C: # outside quotes`],
  ])('stops the run before anything is contacted: %j', async (entry, text, message) => {
    const error = await bind(text, entry).then(
      () => null,
      (reason: Error) => reason,
    );
    expect(error?.message).toContain(message);
    expect(inspect(error)).not.toContain('canary');
  });

  const told = async (text: string) => {
    const [warnings, hints]: [string[], string[]] = [[], []];
    const hearing = {
      ...io(text),
      warn: (said: string) => warnings.push(said),
      hint: (said: string) => hints.push(said),
    };
    const bound = await bindTask('env', env, env.schema.parse({ from: FROM }), hearing, layout);
    return { warnings, hints, text: bound.plan('', hostWith()).env?.reveal() };
  };

  it('says once which lines it rewrites, and shows no value', async () => {
    const loose = await told('A=1\nexport B = canary one\nC=canary two\n');
    expect(loose.text).toBe("A=1\nB='canary one'\nC='canary two'\n");
    expect(loose.warnings).toEqual([
      expect.stringMatching(/^secrets\/jarvis\.env: lines 2, 3: .* fleet rewrites that/),
    ]);
    expect(JSON.stringify(loose.warnings)).not.toContain('canary');
    expect((await told("A=1\nB='canary one'\n")).warnings).toEqual([]);
  });

  it("hints at values that node's and python's readers of .env would change, by key", async () => {
    const { hints, warnings } = await told(`GREETING="it's \\"fine\\""\nPLAIN='a b'\n`);
    expect(hints).toEqual([expect.stringMatching(/^secrets\/jarvis\.env: .* would read GREETING otherwise/)]);
    expect([...hints, ...warnings].join()).not.toContain('fine');
  });

  it('warns of values that the host’s systemd would change, by key', async () => {
    const text = 'A=plain\nB="x\\ny"\nC="x\u001by"\n';
    const warnings = async (systemdVersion: number) =>
      (await planOf(env, { from: FROM }, '', hostWith({ systemdVersion }), io(text))).warnings;
    expect(await warnings(252)).toEqual([]);
    expect(await warnings(245)).toEqual(['the value of C is read unchanged from systemd 249 on; this host has 245']);
    expect(await warnings(237)).toHaveLength(2);
  });

  it.each([
    { from: '' },
    { from: FROM, required: ['MY-KEY'] },
    { from: { env: 'a b' } },
    { from: FROM, optional: ['A'] },
    { from: FROM, set: { 'MY-KEY': '1' } },
    { from: FROM, set: { UID: 1 } },
    { from: FROM, set: { A: ['1'] } },
    { from: FROM, set: { A: 'x\0y' } },
    { set: { A: '1' } },
  ])('refuses %j', (entry) => expect(refusal(env, entry)).not.toBeNull());
});
