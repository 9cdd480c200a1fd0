import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SHELLS } from '../runtime/shells.ts';
import { workshop } from './workshop.ts';

const WANT = 'l_most=5000 l_last=- l_grep=- l_invocation=- l_generation=- live=1';

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))(
  'what services have said, in %s',
  (_n, shell) => {
    it('a file is read from its place on, whole lines only, and across a rotation', async () => {
      using shop = workshop();
      const folder = join(shop.state, 'run/a.service');
      const log = join(folder, 'log');
      mkdirSync(folder, { recursive: true });
      writeFileSync(log, 'one\ntwo\nhal');
      const piece = async (where: string) => {
        const { stdout, stderr } = await shop.run(shell, `${WANT} l_where='${where}'\nfile_piece a.service`);
        expect(stderr).toBe('');
        const [, inode = '', offset = ''] =
          /^file a\.service (\d+) (\d+) \d+$/m.exec(stdout.split('\n').findLast((l) => l.startsWith('file ')) ?? '') ??
          [];
        const lines = stdout.split('\n').filter((text) => text.startsWith('l '));
        return {
          where: `a.service=${inode}:${offset}`,
          lines: lines.map((text) => text.slice(2)),
          gap: /^gap /m.test(stdout),
        };
      };
      const start = /=(\d+):/.exec((await piece('a.service=0:0')).where)?.[1];
      const first = await piece(`a.service=${start}:0`);
      expect(first).toEqual({ where: `a.service=${start}:8`, lines: ['one', 'two'], gap: false });
      writeFileSync(log, 'one\ntwo\nhalf\nlast of it\n');
      expect(await piece(first.where)).toMatchObject({ lines: ['half', 'last of it'] });
      renameSync(log, `${log}.1`);
      writeFileSync(log, 'anew\n');
      const over = await piece(first.where);
      expect(over).toMatchObject({ lines: ['half', 'last of it', 'anew'], gap: false });
      expect(await piece(over.where)).toMatchObject({ lines: [], where: over.where });
      // Two rotations: what is gone is said.
      expect(await piece('a.service=1:5')).toMatchObject({ lines: ['anew'], gap: true });
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
    });
  },
);
