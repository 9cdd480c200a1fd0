import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { installTimer, lingers, type Place, readUnit, removeTimer } from '../../src/local/timer.ts';

const home = mkdtempSync(join(tmpdir(), 'timer-'));
afterAll(() => rmSync(home, { recursive: true }));

/** Programs in the place of systemctl and loginctl, which tell what they were asked. */
function place(name: string, fails = 'nothing', linger = 'no'): Place & { said: () => string } {
  const bin = mkdtempSync(join(home, 'bin-'));
  const told = join(bin, 'told');
  const program = (of: string, body: string) => writeFileSync(join(bin, of), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  program('systemctl', `echo "$*" >>'${told}'; case $* in *${fails}*) echo "no bus" >&2; exit 1 ;; esac`);
  program('loginctl', `echo ${linger}`);
  const said = () => (existsSync(told) ? readFileSync(told, 'utf8') : '');
  return { folder: join(home, name, 'systemd/user'), system: false, env: { PATH: `${bin}:${process.env.PATH}` }, said };
}
const UNITS = { service: '[Service]\n', timer: '[Timer]\n' };

it('both units are written and the timer starts anew; both go, and nothing else', async () => {
  const at = place('usual');
  expect(await readUnit(at, 'x.timer')).toBe('');
  expect(await installTimer(at, 'x', UNITS)).toBeNull();
  expect(at.said()).toBe('--user daemon-reload\n--user enable x.timer\n--user restart x.timer\n');
  expect(await readUnit(at, 'x.service')).toBe('[Service]\n');
  expect(statSync(join(at.folder, 'x.timer')).mode & 0o777).toBe(0o644);
  writeFileSync(join(at.folder, 'mine.timer'), 'mine');
  expect(await removeTimer(at, 'x')).toBeNull();
  expect(at.said()).toContain('--user disable --now x.timer\n--user daemon-reload\n');
  expect([await readUnit(at, 'x.timer'), await readUnit(at, 'x.service')]).toEqual(['', '']);
  expect(await readUnit(at, 'mine.timer')).toBe('mine');
});

it('says which command did not work, and with which words', async () => {
  const at = place('broken', 'enable');
  expect(await installTimer(at, 'x', UNITS)).toBe('systemctl --user enable x.timer ended with 1: no bus');
  expect(await installTimer({ ...at, env: { PATH: home } }, 'x', UNITS)).toMatch(/^systemctl --user daemon-reload: /);
});

it('of systemd itself it is asked without --user', async () => {
  const at = place('root');
  expect(await installTimer({ ...at, system: true }, 'x', UNITS)).toBeNull();
  expect(at.said()).not.toContain('--user');
});

it.each([
  ['yes', true],
  ['no', false],
])('whether it runs while nobody is logged in: %s', async (linger, expected) => {
  expect(await lingers(place(`linger-${linger}`, 'nothing', linger), 'it')).toBe(expected);
});
