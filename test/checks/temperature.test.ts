import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readZones, temperature } from '../../src/checks/machine/temperature.ts';
import type { Question } from '../../src/model/check.ts';
import { Script } from '../../src/shell/sh.ts';
import { runIn, SHELLS } from '../tasks/rig.ts';
import { checkHere, hostHere, words } from './rig.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

type Given = readonly [type: string, temp: string | null];

/** A folder as the kernel shows its zones; a zone without a temperature cannot be read. */
function zones(...list: Given[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'zones-'));
  folders.push(folder);
  for (const [i, [type, temp]] of list.entries()) {
    const zone = join(folder, `thermal_zone${i}`);
    mkdirSync(zone);
    writeFileSync(join(zone, 'type'), `${type}\n`);
    if (temp === null) mkdirSync(join(zone, 'temp'));
    else writeFileSync(join(zone, 'temp'), temp);
  }
  return folder;
}

/** This machine as a host with those zones: the real script in a real shell, over another folder. */
const hostWith = (folder: string) => ({
  ...hostHere(),
  ask: ({ script, withinMs }: Question) =>
    hostHere().ask({ script: Script.ofProgram(script.text.replace('/sys/class/thermal', folder)), withinMs }),
});

const check = async (entry: object, ...list: Given[]) =>
  words(await checkHere(temperature, entry, hostWith(zones(...list))));

const JETSON = [
  ['cpu-thermal', '52500\n'],
  ['gpu-thermal', null],
  ['cv0-thermal', ''],
  ['soc0-thermal', '-256000\n'],
  ['tj-thermal', '71062\n'],
  ['PMIC-Die', '100000\n'],
] as const;

describe('a temperature check', () => {
  it.each([
    ['passes below', { warn: 75, critical: 85 }, { ok: true, detail: 'tj-thermal 71 °C, hottest of 2 zones' }],
    [
      'passes with a warning from `warn` on',
      { warn: 71, critical: 85 },
      {
        ok: true,
        warning: true,
        detail: 'tj-thermal 71 °C, hottest of 2 zones; warm from 71 °C on, critical is 85 °C',
      },
    ],
    [
      'fails from `critical` on',
      { critical: 71 },
      { ok: false, detail: 'tj-thermal 71 °C, hottest of 2 zones; critical is 71 °C' },
    ],
    [
      'looks at the zones that it is told, in any case',
      { critical: 85, zones: ['pmic*', 'CPU-therma?'] },
      { ok: false, detail: 'PMIC-Die 100 °C, hottest of 2 zones; critical is 85 °C' },
    ],
    [
      'does not take an unreadable zone for a hot one',
      { critical: 1, zones: ['gpu-thermal', 'cv0-thermal', 'soc0-thermal'] },
      { ok: true, detail: 'no zone reported a temperature' },
    ],
    [
      'warns of zones that are none of the host',
      { critical: 85, zones: ['tj.thermal'] },
      {
        ok: true,
        warning: true,
        detail:
          'no zone of the type tj.thermal; the host has cpu-thermal, gpu-thermal, cv0-thermal, soc0-thermal, ' +
          'tj-thermal, PMIC-Die',
      },
    ],
  ])('%s', async (_name, entry, verdict) => expect(await check(entry, ...JETSON)).toEqual(verdict));

  it('does not let other zones speak for a processor that is silent', async () =>
    expect(await check({ critical: 85 }, ['CPU-therm', ''], ['PMIC-Die', '100000'])).toMatchObject({ ok: true }));

  it('takes all zones where none is the processor', async () =>
    expect(await check({ critical: 85 }, ['acpitz', '86000'], ['iwlwifi_1', '40000'])).toEqual({
      ok: false,
      detail: 'acpitz 86 °C, hottest of 2 zones; critical is 85 °C',
    }));

  it('shows no number that a limit was not reached by', async () =>
    expect(await check({ critical: 85 }, ['x86_pkg_temp', '84999'])).toEqual({
      ok: true,
      detail: 'x86_pkg_temp 84.9 °C',
    }));

  it('passes on a host that has no zones', async () =>
    expect(await check({ critical: 85, zones: ['tj*'] })).toEqual({
      ok: true,
      detail: 'no zone reported a temperature',
    }));

  it('makes the name of a zone harmless', async () =>
    expect((await check({ critical: 85 }, ['a b\x1b[2J;$(id)', '20000'])).detail).toBe('a b\\x1b[2J;$(id) 20 °C'));

  it.each(SHELLS.map((shell) => [shell]))('reads every zone in one go with %s', (shell) => {
    const out = runIn(shell, readZones(zones(...JETSON)));
    expect(out.split('\n')).toEqual([
      '52500;cpu-thermal',
      ';gpu-thermal',
      ';cv0-thermal',
      '-256000;soc0-thermal',
      '71062;tj-thermal',
      '100000;PMIC-Die',
      '',
    ]);
  });
});
