import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SHELLS } from '../runtime/shells.ts';
import { workshop } from './workshop.ts';

const RULES = 'every 1\nheat 75 85 5 50%\n';

/** A live generation with rules, and no service of its own. */
function live(shop: ReturnType<typeof workshop>, rules = RULES, hung: Record<string, string> = {}) {
  const folder = join(shop.state, 'generations/1');
  mkdirSync(join(folder, 'act'), { recursive: true });
  mkdirSync(join(shop.root, 'releases/1'), { recursive: true });
  writeFileSync(join(folder, 'manifest'), 'version 1\nruntime nohup\nuser -\nbase 0\ndigest -\n');
  writeFileSync(join(folder, 'start'), 'a.service\n');
  writeFileSync(join(folder, 'act/rules'), rules);
  for (const [name, text] of Object.entries(hung)) writeFileSync(join(folder, `act/${name}`), text);
  symlinkSync('releases/1', join(shop.root, 'current'));
}

function zones(shop: ReturnType<typeof workshop>, ...all: readonly (readonly [type: string, said: string])[]) {
  const folder = join(shop.root, 'thermal');
  for (const [i, [type, said]] of all.entries()) {
    mkdirSync(join(folder, `thermal_zone${i}`), { recursive: true });
    writeFileSync(join(folder, `thermal_zone${i}/type`), `${type}\n`);
    writeFileSync(join(folder, `thermal_zone${i}/temp`), `${said}\n`);
  }
  return folder;
}

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('heat, in %s', (_name, shell) => {
  it('is what services are slowed down, stopped and started again for, with a distance between there and back', async () => {
    using shop = workshop();
    live(shop);
    const seen = [74, 75, 80, 70, 69, 84, 85, 81, 80, 79, 70, 69, 90, 60].map((degrees) => `${degrees}999`);
    const body = `act_rules; is=cool; for t in ${seen.join(' ')}; do heat_wants $t $is; is=$heat_to; printf '%s ' $is; done`;
    expect((await shop.run(shell, body)).stdout.trim().split(' ')).toEqual([
      ...['cool', 'slow', 'slow', 'slow', 'cool', 'slow', 'off', 'off', 'off', 'slow', 'slow', 'cool', 'off', 'cool'],
    ]);
  });

  it.each([
    ['only slowed down', 'heat 75 999 5 50%', 'slow'],
    ['only stopped', 'heat 999 85 5 50%', 'off'],
    ['nothing', 'heat 999 999 5 50%', 'cool'],
  ])('that services are %s for', async (_what, rule, to) => {
    using shop = workshop();
    live(shop, `every 1\n${rule}\n`);
    expect((await shop.run(shell, 'act_rules; heat_wants 99000 cool; say $heat_to')).stdout).toBe(`${to}\n`);
  });

  it.each([
    [
      'the processor’s zones count',
      '',
      [
        ['PMIC-Die', '100000'],
        ['CPU-therm', '61000'],
        ['tj-thermal', '62000'],
      ],
      '62000',
    ],
    [
      'without one all do',
      '',
      [
        ['board', '40000'],
        ['nvme', '41000'],
      ],
      '41000',
    ],
    [
      'those that are named do',
      '^(nvme.*)$',
      [
        ['tj-thermal', '62000'],
        ['nvme0', '41000'],
      ],
      '41000',
    ],
    [
      'what cannot be does not',
      '',
      [
        ['cpu-thermal', '-40000'],
        ['gpu-thermal', '127999999'],
        ['tj-thermal', 'x'],
      ],
      '',
    ],
    [
      'a zone that tells nothing right now still is the one',
      '',
      [
        ['cpu-thermal', ''],
        ['PMIC-Die', '100000'],
      ],
      '',
    ],
  ] as const)('%s', async (_what, pattern, all, hottest) => {
    using shop = workshop();
    const folder = zones(shop, ...all);
    expect((await shop.run(shell, `hottest '${folder}' '${pattern}'`)).stdout.trim()).toBe(hottest);
  });

  it.each([
    ['a transaction is open', 'journal_read; TXN=o RUNNER=0; journal_write SETTLING', false],
    ['a person holds the host', 'verb_hold me because', false],
    ['another run has the lock', '(lock "$S/lock" 9 0; sleep 6) & sleep 0.5', false],
    ['nobody is at work', ':', true],
  ])('acts only while nobody else does: %s', async (_what, first, acts) => {
    using shop = workshop();
    live(shop);
    await shop.run(shell, `${first}; (verb_act do heat off '86 °C'); say`);
    const told = (await shop.run(shell, 'active=1; tell_acts')).stdout.split('\n');
    expect(told[0]).toMatch(acts ? /^act off \S+Z dead$/ : /^act cool - dead$/);
    expect(told[1] ?? '').toMatch(acts ? /^acted \d+ \S+Z a\.service\tstopped\t86 °C$/ : /^$/);
  });

  it('says what it did once, until a transaction takes it back, and forgets it with a boot', async () => {
    using shop = workshop();
    live(shop);
    await shop.run(shell, "verb_act do heat off '86 C'");
    expect(
      (await shop.run(shell, 'act_read; say $A_IS; sed -i "s/^boot .*/boot other/" "$S/act"; act_read; say $A_IS'))
        .stdout,
    ).toBe('off\ncool\n');
    await shop.run(shell, "verb_act do heat off '86 C'");
    await shop.run(shell, 'journal_read; act_gives_way');
    expect((await shop.run(shell, 'act_read; say $A_IS')).stdout).toBe('cool\n');
    expect(readFileSync(join(shop.state, 'acts'), 'utf8').split('\n')).toHaveLength(3);
  });

  it('tells what it did however long ago, and before the last boot, without an age then', async () => {
    using shop = workshop();
    live(shop);
    const before = `2026-01-02T03:04:05Z other 9 a.service\\tstopped\\t86 C\\n`;
    const body = `this_boot; clock; printf "${before}2026-01-02T03:05:05Z $BOOT $((NOW - 86400)) a.service\\tstarted again\\t60 C\\n" >"$S/acts"; active=1; tell_acts`;
    expect((await shop.run(shell, body)).stdout.split('\n').slice(1, 3)).toEqual([
      'acted - 2026-01-02T03:04:05Z a.service\tstopped\t86 C',
      'acted 86400 2026-01-02T03:05:05Z a.service\tstarted again\t60 C',
    ]);
  });

  it('tells of a service that it has given up, and of none that it may still restart', async () => {
    using shop = workshop();
    live(shop);
    const restarted = (unit: string, times: number) => `${unit} $NOW\n`.repeat(times);
    const body = `act_read; clock; A_RESTARTS=$NL"${restarted('a.service', 4)}${restarted('b.service', 3)}c.service 1"; act_write; active=1; tell_acts`;
    expect((await shop.run(shell, body)).stdout.match(/act-given-up.*/g)).toEqual(['act-given-up a.service']);
  });
});
