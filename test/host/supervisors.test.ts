import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SHELLS } from '../runtime/shells.ts';
import { workshop } from './workshop.ts';

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('what runs is found, in %s', (_name, shell) => {
  it('supervisors by what they are, and only those of this app', async () => {
    using shop = workshop();
    const program = join(shop.state, 'host-1.sh');
    writeFileSync(program, ': >"up.$4"; sleep 9; exit\n');
    const start = (setsid: string, app: string, verb: string, unit: string) =>
      `(cd "$S" && exec ${setsid} sh ${program} "$ROOT" ${app} ${verb} ${unit}.service 7 >/dev/null 2>&1) & pids="$pids $!"`;
    const { stdout } = await shop.run(
      shell,
      `pids=''
      ${start('setsid', 'app', 'supervise', 'one')}
      one=$!
      ${start('setsid', 'app', 'supervise', 'two')}
      ${start('', 'app', 'supervise', 'follower')}
      ${start('setsid', 'other', 'supervise', 'other')}
      ${start('setsid', 'app', 'boot', 'verb')}
      until [ "$(ls "$S" | grep -c ^up)" = 5 ]; do sleep 0.05; done
      supervisors | while read -r pid start of unit; do alive "$pid" "$start" && say "$of $unit"; done | sort
      nohup_read one.service; [ "$sup" = $one ] && say "found $sup_found"
      nohup_read three.service; say "none $sup$sup_found"
      kill $pids`,
    );
    expect(stdout).toBe('7 one.service\n7 two.service\nfound 7\nnone 0\n');
  });

  it('and a journal of another time than what is live is closed', async () => {
    using shop = workshop();
    mkdirSync(join(shop.root, 'releases/3'), { recursive: true });
    symlinkSync('releases/3', join(shop.root, 'current'));
    const state = join(shop.state, 'state');
    writeFileSync(
      state,
      'version 1\nphase SETTLING\ntxn t\nfrom 1\nto 2\nrunner 0\nrunner_start 0\nby me\naction deploy\n',
    );
    expect(await shop.run(shell, 'verb_recover; active_generation; unrecorded && say unrecorded')).toMatchObject({
      stdout: '3\nunrecorded\n',
    });
    expect(readFileSync(state, 'utf8')).toContain('phase IDLE\n');
  });
});
