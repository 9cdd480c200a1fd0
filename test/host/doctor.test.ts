import { chmodSync, linkSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAiling, parseLoginShell, parseNeeds, parseWrongFiles } from '../../src/host/doctor.ts';
import { SHELLS } from '../runtime/shells.ts';
import { workshop } from './workshop.ts';

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

/** A generation 1 with an env file and one other, both in their places. */
function deployed(shop: { readonly root: string; readonly state: string }) {
  const record = join(shop.state, 'generations/1');
  mkdirSync(join(record, 'files'), { recursive: true });
  writeFileSync(join(record, 'manifest'), `version 1\nruntime nohup\nuser -\nroot ${shop.root}\n`);
  writeFileSync(join(record, 'env'), 'TOKEN=canary-token\n');
  writeFileSync(join(record, 'files/0'), 'as deployed\n');
  writeFileSync(join(record, 'files.list'), `0 640 - - ${shop.root}/etc/app.conf\n`);
  mkdirSync(join(shop.root, 'etc'));
  mkdirSync(join(shop.root, 'releases/1'), { recursive: true });
  symlinkSync('releases/1', join(shop.root, 'current'));
  const [settings, file] = [join(shop.root, '.env'), join(shop.root, 'etc/app.conf')];
  writeFileSync(settings, 'TOKEN=canary-token\n', { mode: 0o600 });
  writeFileSync(file, 'as deployed\n', { mode: 0o640 });
  return { settings, file };
}

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('what doctor asks, in %s', (_name, shell) => {
  it('whether a path can be reached, and if not which part of it stops', async () => {
    using shop = workshop();
    const at = (path: string) => join(shop.root, path);
    mkdirSync(at('a b'));
    writeFileSync(at('a b/plain'), 'x', { mode: 0o644 });
    writeFileSync(at('a b/runs'), '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(at('a b/odd'), '#! /no/such/shell -x\n', { mode: 0o755 });
    writeFileSync(at('a b/binary'), Buffer.from([0x7f, 0x45, 0, 0x4c, 0]), { mode: 0o755 });
    symlinkSync('a b', at('link'));
    symlinkSync('nowhere', at('broken'));
    const asked: readonly (readonly [role: string, path: string, state: string, part?: string])[] = [
      ['cwd', at('link'), 'ok', at('a b')],
      ['cwd', at('a b/plain'), 'file'],
      ['cwd', at('none/deeper'), 'absent', at('none')],
      ['env', at('broken'), 'absent', at('nowhere')],
      ['env', at('a b'), 'folder'],
      ['program', at('a b/plain'), 'noexec'],
      ['program', at('link/runs'), 'ok', at('a b/runs')],
      ['program', at('a b/odd'), 'interpreter', '/no/such/shell'],
      ['program', at('a b/binary'), 'ok'],
      ['write', at('a b'), 'ok'],
    ];
    const body = asked.map(([role, path]) => `tell_need ${role} "${path}"`).join('\n');
    const { stdout, stderr } = await shop.run(shell, `d_user=-\n${body}`);
    expect(stderr).toBe('');
    expect(parseNeeds(stdout).map(({ role, path, state, part }) => [role, path, state, part])).toEqual(
      asked.map(([role, path, state, part = path]) => [role, path, state, part]),
    );
  });

  it('which files are not as deployed, and how', async () => {
    using shop = workshop();
    const { settings, file } = deployed(shop);
    const wrong = async () => parseWrongFiles((await shop.run(shell, 'tell_wrong_files')).stdout);
    expect(await wrong()).toEqual([]);
    chmodSync(settings, 0o644);
    writeFileSync(file, 'changed\n');
    expect(await wrong()).toMatchObject([
      { path: file, state: 'content', is: { mode: '640' }, want: { mode: '640' } },
      { path: settings, state: 'rights', is: { mode: '644' }, want: { mode: '600' } },
    ]);
  });

  it('puts a file right without touching what is in it, and leaves one alone that has another name', async () => {
    using shop = workshop();
    const { settings, file } = deployed(shop);
    chmodSync(settings, 0o644);
    writeFileSync(file, 'somebody has written this\n');
    chmodSync(file, 0o666);
    const mend = async (path: string) => (await shop.run(shell, `mend_file 1 "${path}" && say done`)).stdout;
    expect([await mend(settings), await mend(file)]).toEqual(['done\n', 'done\n']);
    expect([modeOf(settings), modeOf(file)]).toEqual(['600', '640']);
    expect(readFileSync(file, 'utf8')).toBe('somebody has written this\n');

    const other = join(shop.root, 'other');
    chmodSync(file, 0o666);
    linkSync(file, other);
    expect(await mend(file)).toBe('');
    expect(modeOf(other)).toBe('666');
    expect(await mend(join(shop.root, 'not-deployed'))).toBe('');
    const linked = await shop.run(shell, `ln -s "${other}" "$ROOT/link"; file_set "$ROOT/link" 600 - - || say refused`);
    expect(linked.stdout).toBe('refused\n');
    expect(modeOf(other)).toBe('666');
    // Missing ones come from the record.
    expect((await shop.run(shell, `rm "${settings}"; mend_file 1 "${settings}" && say done`)).stdout).toBe('done\n');
    expect([modeOf(settings), readFileSync(settings, 'utf8')]).toEqual(['600', 'TOKEN=canary-token\n']);
  });

  it('what a service has said last, in lines of its own and without secrets', async () => {
    using shop = workshop();
    deployed(shop);
    const run = join(shop.state, 'run/app.service');
    mkdirSync(run, { recursive: true });
    mkdirSync(join(shop.state, 'generations/1/services'), { recursive: true });
    writeFileSync(join(shop.state, 'generations/1/start'), 'app.service\n');
    writeFileSync(join(shop.state, 'generations/1/services/app.service.conf'), "svc_user=-\nsvc_group=''\n");
    writeFileSync(
      join(run, 'status'),
      'ActiveState=failed\nSubState=failed\nMainPID=0\nNRestarts=0\nResult=exit-code\nExecMainStatus=1\nSettled=1\nLogStart=0\n',
    );
    const far = 'x'.repeat(390);
    writeFileSync(join(run, 'log'), `ailing forged.service\n\x1b[2Jsaid canary-token\n${far}canary-token\n`);
    const { stdout, stderr } = await shop.run(shell, 'tell_ailing');
    expect(stderr).toBe('');
    const told = parseAiling(stdout);
    expect([...told.keys()]).toEqual(['app.service']);
    expect(told.get('app.service')?.said).toHaveLength(3);
    expect(stdout).not.toContain('\x1b');
    // Nor the beginning of one, where a line is cut off.
    expect(stdout).not.toContain('canary');
    expect(stdout).toContain('[secret TOKEN]');
  });

  it('how long a login shell takes, and waits for none of them for ever', { timeout: 60_000 }, async () => {
    using shop = workshop();
    const slow = join(shop.root, 'slow');
    writeFileSync(slow, '#!/bin/sh\nyes | head -n 100000\nsleep 0.1\n', { mode: 0o755 });
    const ask = (name: string) =>
      shop.run(
        shell,
        `timed_shell "$(id -un)" ${name} && own=$d_took && timed_shell "$(id -un)" /bin/sh && say "shell ${name} $own $d_took"`,
      );
    const told = parseLoginShell((await ask(slow)).stdout);
    expect(told?.ms).toBeGreaterThan(90);
    expect(told?.plainMs).toBeLessThan(90);
  });
});
