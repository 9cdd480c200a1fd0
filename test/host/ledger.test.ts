import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SHELLS } from '../runtime/shells.ts';
import { workshop } from './workshop.ts';

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('the ledger, in %s', (_name, shell) => {
  const folder = (name: string) =>
    `note_undo t.0 folder "$ROOT/${name}" 'create it' "folders_gone $ROOT/${name}"; mkdir "$ROOT/${name}"`;

  it('takes back what no generation stands on, the newest first, and nothing from before', async () => {
    using shop = workshop();
    const there = () => readdirSync(shop.root).filter((name) => !/^\.|\.sh$/.test(name));
    await shop.run(shell, `${folder('kept')}; rm "$S/unproven"; ${folder('a')}; ${folder('a/b')}`);
    expect(there()).toEqual(['a', 'kept']);
    expect(await shop.run(shell, 'undo_unproven')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(there()).toEqual(['kept']);
    expect(readdirSync(join(shop.state, 'undo'))).toEqual(['1000.t.0']);
    expect(existsSync(join(shop.state, 'unproven'))).toBe(false);
  });

  it('keeps and tells what somebody has written, packages, and a step that cannot be undone; until it can', async () => {
    using shop = workshop();
    const packages = "note_undo t.0 packages 'python3, cron' 'install python3, cron' :";
    const other = `note_undo t.1 other - 'put it right' 'echo no such luck >&2; [ -e "$ROOT/luck" ]'`;
    await shop.run(shell, `${packages}; ${other}; ${folder('a')}; ${folder('b')}; : >"$ROOT/a/written"`);
    const written = `left folder ${shop.root}/a\tnot empty\n`;
    const installed = 'left packages python3, cron\t\n';
    expect((await shop.run(shell, 'undo_unproven')).stdout).toBe(
      `${written}left other put it right\tno such luck\n${installed}`,
    );
    expect(existsSync(join(shop.root, 'b'))).toBe(false);
    expect(existsSync(join(shop.root, 'a/written'))).toBe(true);
    writeFileSync(join(shop.root, 'luck'), '');
    expect((await shop.run(shell, 'undo_unproven')).stdout).toBe(`${written}${installed}`);
    rmSync(join(shop.root, 'a/written'));
    expect((await shop.run(shell, 'undo_unproven')).stdout).toBe(installed);
    expect(readdirSync(join(shop.state, 'undo'))).toEqual(['1000.t.0']);
  });

  it('takes a root back that holds nothing but our own state, and the state with it', async () => {
    using shop = workshop();
    const app = join(shop.root, 'app');
    const body = (text: string) => `ROOT="$ROOT/app" S="$ROOT/.fleet" G="$S/generations"; R=$ROOT; ${text}`;
    mkdirSync(join(app, '.fleet'), { recursive: true });
    const note = `note_undo t.0 folder "$ROOT" 'create it' "folders_gone $ROOT"`;
    writeFileSync(join(app, 'written'), '');
    expect((await shop.run(shell, body(`${note}; undo_unproven`))).stdout).toBe(`left folder ${app}\tnot empty\n`);
    expect(readdirSync(join(app, '.fleet'))).toEqual(['undo', 'unproven']);
    rmSync(join(app, 'written'));
    expect((await shop.run(shell, body('undo_unproven'))).stdout).toBe('');
    expect(existsSync(app)).toBe(false);
  });
});
