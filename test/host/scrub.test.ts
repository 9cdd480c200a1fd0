import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeEnv } from '../../src/env/write.ts';
import { Secret } from '../../src/model/secret.ts';
import { CODINGS } from '../model/codings.ts';
import { SHELLS } from '../runtime/shells.ts';
import { workshop } from './workshop.ts';

/** What a host's `awk` may be. */
const AWKS = [['mawk'], ['gawk'], ['busybox', 'awk']] as const;

/** What the host's program makes of a text, with the values of one generation. */
async function scrubbed(awk: readonly string[], env: string, text: string): Promise<string> {
  using shop = workshop();
  mkdirSync(join(shop.state, 'generations/1'));
  writeFileSync(join(shop.state, 'generations/1/env'), env);
  writeFileSync(join(shop.root, 'text'), text);
  const [shell = ['sh']] = SHELLS;
  const run = await shop.run(shell, `awk() { ${awk.join(' ')} "$@"; }\nscrub <"$ROOT/text"`);
  expect(run.stderr).toBe('');
  return run.stdout;
}

describe.each(AWKS.map((awk) => [awk.join(' '), awk] as const))('with %s', (_name, awk) => {
  it('clears a value in every coding, and nothing of it is left at its ends', async () => {
    const value = 'hunter2/Tr0ub4dor+&3 x';
    const lines = Object.entries(CODINGS).map(([name, code]) => `${name}: ${code(value)} :end`);
    const shown = await scrubbed(awk, writeEnv([{ key: 'K', value }]), `${lines.join('\n')}\n`);
    for (const line of shown.split('\n').slice(0, -1)) expect(line).toMatch(/^[^:]+: .*\[secret K\].* :end$/);
    for (const [name, code] of Object.entries(CODINGS)) expect(shown, name).not.toContain(code(value));
  });

  it('leaves short values and other words alone', async () => {
    const text = 'abcde YWJjZGU= 6162636465 nothing of it\n';
    expect(await scrubbed(awk, "K='abcde'\nL='abcdefgh'\n", text)).toBe(text);
    // The control: one letter more.
    expect(await scrubbed(awk, "K='abcdef'\n", 'abcdef YWJjZGVm 616263646566\n')).toBe(
      '[secret K] [secret K] [secret K]\n',
    );
  });

  it('clears the beginning of a value in front of a cut', async () => {
    expect(await scrubbed(awk, "K='abcdefghijkl'\n", 'said abcdefgh…\nsaid YWJjZGVm…\nsaid abd…\n')).toBe(
      'said [secret K]…\nsaid [secret K]…\nsaid abd…\n',
    );
  });

  it('clears the end of a value behind a cut, and what is between two cuts', async () => {
    const text = 'said …efghijkl said\nout …jkl\nout …ijkl\n…hijkl and abcde…\n…efghijkm…\n… ghijkl\n';
    expect(await scrubbed(awk, "K='abcdefghijkl'\n", text)).toBe(
      'said …[secret K] said\nout …jkl\nout …[secret K]\n…[secret K] and [secret K]…\n…efghijkm…\n… ghijkl\n',
    );
  });

  it('agrees with what the controller clears', { timeout: 60_000 }, async () => {
    const spicy = fc.constantFrom(...`'"\\$\` \t;&|/+=%~*!().-_\u0001\u001b\u007fé日🚀aA0zZ9`);
    const value = fc.string({ unit: spicy, maxLength: 90 }).filter((text) => !/[\n\0]/.test(text));
    const around = fc.string({ unit: fc.constantFrom(...' :aZ9+/=-_,'), maxLength: 5 });
    const cases = fc.sample(fc.tuple(value, around, around), { numRuns: 25, seed: 7 });
    const env = cases.map(([text], i) => ({ key: `KEY_${i}`, value: text }));
    const printed = cases.flatMap(([text, before, after]) =>
      Object.values(CODINGS).flatMap((code) => `${before}${code(text)}${after}`.split('\n')),
    );
    const redact = Secret.redactor(env.map(({ key, value: text }) => new Secret(key, text)));
    const shown = await scrubbed(awk, writeEnv(env), `${printed.join('\n')}\n`);
    expect(shown.split('\n').slice(0, -1)).toEqual(printed.map(redact));
    expect(printed.filter((line) => redact(line) !== line).length).toBeGreaterThan(200);
  });
});

it('of what a command check says, a value at which it is cut off is cleared too, at either end', async () => {
  using shop = workshop();
  const value = 'abcdefghijklmnopqrstuvwxyz';
  mkdirSync(join(shop.state, 'generations/1'));
  writeFileSync(join(shop.state, 'generations/1/env'), writeEnv([{ key: 'K', value }]));
  const [shell = ['sh']] = SHELLS;
  const told = async (said: string) =>
    (await shop.run(shell, `tell_command user - 10 1 printf printf '%b' '${said}'`)).stdout.replace(
      /^ended 0 \d+\n/,
      '',
    );
  const words = (bytes: number) => 'x '.repeat(bytes / 2);
  expect(await told(`${words(990)}${value}${value}\\n`)).toBe(`out ${words(990)}[secret K][secret K]\n`);
  // Of the first one 12 bytes are left.
  expect(await told(`${value}${words(1988)}`)).toBe(`out …[secret K]${words(1988)}\n`);
  expect(await told(`${value.split('').join('\\0000')}${words(1976)}`)).toBe(`out …[secret K]${words(1976)}\n`);
  // What is whole does not say that it was cut.
  expect(await told(`${value}${words(1972)}\\n`)).toBe(`out [secret K]${words(1972)}\n`);
  expect(await told(`${value}${words(1988)}\\nlast\\n`)).toBe('out last\n');
});
