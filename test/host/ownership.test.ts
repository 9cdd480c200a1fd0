import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SHELLS } from '../runtime/shells.ts';
import { workshop } from './workshop.ts';

/** Entries as `find` tells them: uid 10 and 20 are accounts, 100 and 200 groups. */
const ENTRIES = {
  own: '10 10 644 regular file /own',
  readOnly: '10 10 444 regular file /read-only',
  folder: '10 10 755 directory /folder',
  grouped: '0 100 2770 directory /grouped',
  foreign: '30 30 600 regular file /foreign',
  open: '10 10 666 regular file /open',
  ofRoot: '0 0 644 regular file /of-root',
} as const;
type Name = keyof typeof ENTRIES;

const LISTS: readonly (readonly [what: string, ids: string, closed: readonly Name[]])[] = [
  ['to another account', '-v owner=10 -v old=10 -v new_owner=20 -v new=20', ['own', 'folder']],
  ['to one in the same group', '-v owner=10 -v "old=10 100" -v new_owner=20 -v "new=20 100"', ['own', 'folder']],
  ['to one in the group of all of it', '-v owner=10 -v "old=10" -v new_owner=20 -v "new=10"', ['own', 'folder']],
  ['to another group', '-v owner=10 -v "old=10 100" -v new_owner=10 -v "new=10 200"', ['grouped']],
  ['from root', '-v owner=0 -v old=0 -v new_owner=20 -v new=20', ['grouped', 'ofRoot']],
  ['to one that is not there yet', '-v owner=10 -v old=10 -v new_owner=- -v new=', ['own', 'folder']],
];

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('in %s', (_name, shell) => {
  it.each(LISTS)(
    'a service that goes %s is shut out from what only the first could open',
    async (_what, ids, closed) => {
      using shop = workshop();
      const body = Object.values(ENTRIES).map((line) => `printf '%s\\n' '${line}' | awk ${ids} "$CLOSED"`);
      const { stdout, stderr } = await shop.run(shell, body.join('\n'));
      expect(stderr).toBe('');
      expect(stdout.split('\n').filter(Boolean)).toEqual(closed.map((name) => ENTRIES[name].split(' /')[1]));
    },
  );

  it('a change is one of a service by its name, or of what takes over under a new one', async () => {
    using shop = workshop();
    const moved = async (before: string, now: string) => {
      writeFileSync(join(shop.root, 'lines'), `${before}\n--\n${now}\n`);
      return (await shop.run(shell, 'awk "$MOVED" "$ROOT/lines"')).stdout.trim().split('\n').sort();
    };
    expect(await moved('a.service x:-\nb.service x:-', 'a.service x:-\nb.service x:-')).toEqual(['']);
    expect(await moved('a.service x:-\nb.service x:-', 'a.service y:-\nb.service y:-')).toEqual([
      '1 a.service,b.service x:- y:- no',
    ]);
    expect(await moved('a.service x:-\nb.service x:-', 'a.service x:-\nb.service y:-')).toEqual([
      '1 b.service x:- y:- yes',
    ]);
    expect(await moved('a.service x:-', 'a.service x:g')).toEqual(['1 a.service x:- x:g no']);
    expect(await moved('a.service x:-', 'new.service y:-')).toEqual(['1 new.service x:- y:- no']);
    // One more besides those that stay is no change.
    expect(await moved('a.service x:-', 'a.service x:-\nnew.service y:-')).toEqual(['']);
  });

  it('an older record has the app’s own account for all that it starts, and its data folders', async () => {
    using shop = workshop();
    const record = join(shop.state, 'generations/1');
    mkdirSync(record);
    writeFileSync(join(record, 'manifest'), 'user jarvis\n');
    writeFileSync(join(record, 'start'), 'a.service\nb.service\n');
    expect((await shop.run(shell, 'accounts_of 1')).stdout).toBe('a.service jarvis:-\nb.service jarvis:-\n');
    writeFileSync(join(record, 'accounts'), 'a.service other:video\n');
    expect((await shop.run(shell, 'accounts_of 1')).stdout).toBe('a.service other:video\n');
    writeFileSync(join(record, 'data'), 'data\n');
    expect((await shop.run(shell, 'folders_of 1')).stdout).toBe(`whole ${shop.root}/data\n`);
    writeFileSync(join(record, 'folders'), 'given /var/lib/app\n');
    expect((await shop.run(shell, 'folders_of 1')).stdout).toBe('given /var/lib/app\n');
  });
});
