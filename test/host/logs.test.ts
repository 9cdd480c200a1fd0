import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SHELLS } from '../runtime/shells.ts';
import { workshop } from './workshop.ts';

const WANT = `l_last=- l_priority=- l_grep=- l_invocation=- l_generation=- live=1
supervisors() { say '1 2 1 a.service 1'; }`;

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))(
  'what services have said, in %s',
  (_n, shell) => {
    it('a file is read from its place on, whole lines only, and across a rotation', async () => {
      using shop = workshop();
      const folder = join(shop.state, 'run/a.service');
      const log = join(folder, 'log');
      mkdirSync(folder, { recursive: true });
      writeFileSync(log, 'one\ntwo\nhal');
      const piece = async (where: string, more = '') => {
        const { stdout, stderr } = await shop.run(shell, `${WANT}\nl_where='${where}'\n${more}\nfile_piece a.service`);
        expect(stderr).toBe('');
        const said = stdout.split('\n');
        const [, inode = '', offset = ''] = /^file a\.service (\d+) (\d+) \d+$/m.exec(stdout) ?? [];
        return {
          where: `a.service=${inode}:${offset}`,
          lines: said.filter((text) => text.startsWith('l ')).map((text) => text.slice(2)),
          gap: /^gap /m.test(stdout),
          more: said.includes('more'),
        };
      };
      const start = /=(\d+):/.exec((await piece('a.service=0:0')).where)?.[1];
      const first = await piece('-');
      expect(first).toEqual({ where: `a.service=${start}:8`, lines: ['one', 'two'], gap: false, more: false });
      // The last so many, half a line not among them: it would be told in two.
      expect(await piece('-', 'l_last=1')).toEqual({ ...first, lines: ['two'] });
      // Nobody is there to end it.
      const dead = { where: `a.service=${start}:11`, lines: ['one', 'two', 'hal'] };
      expect(await piece('-', 'supervisors() { :; }')).toMatchObject(dead);
      expect(await piece('-', 'l_last=9; supervisors() { :; }')).toMatchObject(dead);
      writeFileSync(log, 'one\ntwo\nhalf\nlast of it\n');
      expect(await piece(first.where)).toMatchObject({ lines: ['half', 'last of it'] });
      renameSync(log, `${log}.1`);
      writeFileSync(log, 'anew\n');
      const old = await piece(first.where);
      expect(old).toMatchObject({ lines: ['half', 'last of it'], gap: false, more: true });
      const over = await piece(old.where);
      expect(over).toMatchObject({ lines: ['anew'], gap: false, more: false });
      expect(await piece(over.where)).toMatchObject({ lines: [], where: over.where });
      // All there is begins with the older one.
      expect(await piece('-')).toMatchObject({ lines: ['one', 'two', 'half', 'last of it'], more: true });
      // Two rotations: what is gone is said.
      expect(await piece('a.service=1:5')).toMatchObject({ lines: ['anew'], gap: true });
    });

    it('a file is told in pieces that end with a line, however large it is', async () => {
      using shop = workshop();
      const folder = join(shop.state, 'run/a.service');
      mkdirSync(folder, { recursive: true });
      const lines = Array.from({ length: 30_000 }, (_, n) => `${n} ${'x'.repeat(70)}`);
      const half = Math.floor(lines.length / 2);
      writeFileSync(
        join(folder, 'log.1'),
        lines
          .slice(0, half)
          .map((line) => `${line}\n`)
          .join(''),
      );
      writeFileSync(
        join(folder, 'log'),
        lines
          .slice(half)
          .map((line) => `${line}\n`)
          .join(''),
      );
      const pieces = async (last: string) => {
        const told: string[] = [];
        let where = '-';
        let count = 0;
        for (let more = true; more; count += 1) {
          const asked = `l_where='${where}' l_last=${where === '-' ? last : '-'}`;
          const { stdout } = await shop.run(shell, `${WANT}\n${asked}\nfile_piece a.service`);
          expect(stdout.length).toBeLessThan(1.1 * 1024 * 1024);
          const said = stdout.split('\n');
          const [, inode, offset] = /^file a\.service (\d+) (\d+) /m.exec(stdout) ?? [];
          where = `a.service=${inode}:${offset}`;
          told.push(...said.filter((text) => text.startsWith('l ')).map((text) => text.slice(2)));
          more = said.includes('more');
        }
        return { told, count };
      };
      const same = (told: readonly string[], wanted: readonly string[]) =>
        told.length === wanted.length && told.every((line, i) => line === wanted[i]);
      const all = await pieces('-');
      expect(same(all.told, lines)).toBe(true);
      expect(all.count).toBeGreaterThan(2);
      // However many are asked for at once, from the middle of the older file, of the newer one, or all there are.
      for (const last of [20_000, 2000, 1_000_000]) {
        const { told, count } = await pieces(String(last));
        expect(same(told, lines.slice(-last))).toBe(true);
        expect(count > 2).toBe(last > 2000);
      }
    });

    it('lines are left out by the level that they begin with, and by their text, before the last ones are counted', async () => {
      using shop = workshop();
      const folder = join(shop.state, 'run/a.service');
      mkdirSync(folder, { recursive: true });
      const lines = ['<3>bad one', 'plain', '<6>info', '<4>warning', '<3>bad two', '<7>debug', '<x>', '<', '', '<5'];
      writeFileSync(join(folder, 'log'), lines.map((line) => `${line}\n`).join(''));
      const told = async (more: string) => {
        const { stdout, stderr } = await shop.run(shell, `${WANT}\nl_where=-\n${more}\nfile_piece a.service`);
        expect(stderr).toBe('');
        const said = stdout.split('\n').filter((text) => text.startsWith('l '));
        return said.map((text) => text.slice(2));
      };
      expect(await told('l_priority=0..3')).toEqual(['<3>bad one', '<3>bad two']);
      expect(await told('l_priority=4..5')).toEqual(['<4>warning']);
      // What says nothing of its level is as bad as info, as systemd has it.
      expect(await told('l_priority=0..6')).toEqual(lines.filter((line) => line !== '<7>debug'));
      expect(await told('l_priority=7..7')).toEqual(['<7>debug']);
      expect(await told("l_priority=0..3 l_grep='tw[o]'")).toEqual(['<3>bad two']);
      expect(await told('l_priority=0..3 l_last=1')).toEqual(['<3>bad two']);
      expect(await told("l_grep='bad|plain' l_last=2")).toEqual(['plain', '<3>bad two']);
      expect(await told('l_grep=nothing l_last=2')).toEqual([]);
    });

    it('bounds of time are said to be kept by no line, where lines have none', async () => {
      using shop = workshop();
      const { stdout } = await shop.run(shell, 'l_since=-1h l_until=- l_boot=0\ntell_ignored');
      expect(stdout).toBe('ignored since boot\n');
      expect((await shop.run(shell, 'l_since=- l_until=- l_boot=-\ntell_ignored')).stdout).toBe('');
    });

    it('a message that the journal shows as numbers becomes text before secrets are looked for', async () => {
      using shop = workshop();
      const json = (message: string) => `{"__CURSOR":"c","MESSAGE":${message},"PRIORITY":"6"}`;
      writeFileSync(
        join(shop.root, 'in'),
        `${json('"plain"')}\n${json('[27,91,51,49,109,34,92,0,195,164]')}\nno json\n`,
      );
      const { stdout } = await shop.run(shell, 'awk "$AS_TEXT" <"$ROOT/in"');
      const [plain = '', numbers = '', other] = stdout.split('\n');
      expect(plain).toBe(`j ${json('"plain"')}`);
      expect(JSON.parse(numbers.slice(2))).toMatchObject({ MESSAGE: '\x1b[31m"\\ä', PRIORITY: '6' });
      expect(other).toBe('e no json');
      // What is too much for one piece is cut behind a line, and said.
      const cut = await shop.run(shell, 'L_BYTES=10 awk "$AS_TEXT" <"$ROOT/in"');
      expect(cut.stdout).toBe(`j ${json('"plain"')}\nmore\n`);
    });
  },
);
