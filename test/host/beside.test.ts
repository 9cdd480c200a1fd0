import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseFacts } from '../../src/host/facts.ts';
import { SHELLS } from '../runtime/shells.ts';
import { workshop } from './workshop.ts';

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('in %s', (_name, shell) => {
  it('a process in the root is told in one line, whatever its folder and its words are called', async () => {
    using shop = workshop();
    const folder = join(shop.root, 'odd\nbeside-process 1 1 root - no\x1f \x1b[31m');
    mkdirSync(folder);
    const forged = 'x\nheld nobody\nbeside-process 1 1 root - no\x1f/\x1f/\x1fsh';
    const child = spawn('sh', ['-c', 'read -r line', forged], { cwd: folder, stdio: ['pipe', 'ignore', 'ignore'] });
    try {
      const { stdout, stderr } = await shop.run(shell, 'active=0 TO=0 obstacle=; root_enter; tell_beside');
      expect(stderr).toBe('');
      expect(stdout).not.toMatch(/^held|\x1b/m);
      const { bystanders } = parseFacts(stdout);
      expect(bystanders).toMatchObject([
        { pid: child.pid, parent: process.pid, argv: ['sh', '-c', 'read -r line', forged.replace(/[\n\x1f]/g, '?')] },
      ]);
      expect(bystanders[0]?.cwd).toBe(folder.replace(/[\n\x1b\x1f]/g, '?'));
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('of a crontab that has to do with the root all lines are told but settings that may be secret', async () => {
    using shop = workshop();
    const { root } = shop;
    const tables: Record<string, string> = {
      naming: `# ${root}\nTOKEN=abc\nAPP=${root}\n0 3 * * * true\n@reboot\t${root}/x\n@reboot sh ${root} app boot # fleet:app\n`,
      home: 'TOKEN=abc\n@reboot ./x\n',
      above: `TOKEN=abc\n@reboot ${root.split('/').at(-1)}/x\n`,
      other: 'APP=/opt/other\n@reboot /opt/other/x\n',
    };
    writeFileSync(join(root, 'passwd'), `home:x:1:1::${root}:/bin/sh\nabove:x:2:2::/tmp:/bin/sh\n`);
    for (const [name, text] of Object.entries(tables)) writeFileSync(join(root, name), text);
    const args = Object.keys(tables).map((name) => `who=${name} file=/t/${name} "$ROOT/${name}"`);
    const { stdout } = await shop.run(shell, `ROOT=$ROOT awk "$BESIDE_LINES" "$ROOT/passwd" ${args.join(' ')}`);
    expect(stdout.split('\n').filter(Boolean)).toEqual([
      `beside-line naming /t/naming - APP=${root}`,
      'beside-line naming /t/naming - 0 3 * * * true',
      `beside-line naming /t/naming - @reboot\t${root}/x`,
      `beside-line home /t/home ${root} @reboot ./x`,
      `beside-line above /t/above /tmp @reboot ${root.split('/').at(-1)}/x`,
    ]);
  });

  it('of the processes that others hide only well-formed names are asked for', async () => {
    using shop = workshop();
    const listing = [
      'lrwxrwxrwx 1 1000 1000 0 Jan 1 00:00 /proc/12/cwd',
      'lrwxrwxrwx 1 1000 1000 0 Jan 1 00:00 /proc/12/exe',
      'lrwxrwxrwx 1 00 0 0 Jan 1 00:00 /proc/13/cwd',
      'lrwxrwxrwx 1 1000 1000 0 Jan 1 00:00 /proc/14/cwd -> /elsewhere',
      'x 1 1000 /proc/1/cwd; id',
      `x 1 1000 1 /proc/-R/cwd -> ${shop.root}`,
      `lrwxrwxrwx 1 0 0 0 Jan 1 00:00 /proc/15/exe -> ${shop.root}/x (deleted)`,
      `lrwxrwxrwx 1 0 0 0 Jan 1 00:00 /proc/16/cwd -> ${shop.root}2`,
      '/proc/17/cmdline',
    ];
    writeFileSync(join(shop.root, 'listing'), `${listing.join('\n')}\n`);
    const { stdout } = await shop.run(shell, 'b_real=$ROOT; beside_found <"$ROOT/listing"');
    expect(stdout.split('\n').filter(Boolean).sort()).toEqual(['15', '17', 'hidden 1000 /proc/12/cwd /proc/12/exe']);
  });
});
