import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SHELLS } from '../runtime/shells.ts';
import { workshop } from './workshop.ts';

// What the program takes apart by itself, where a program was asked for each part before.

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('in %s', (_name, shell) => {
  it.each([
    ['a.service', '\nId=a.service\nRestart=no\n\n'],
    ['b.service', '\nRestart=always\nId=b.service\nEnvironment=A=1 Id=c.service\n\n'],
    ['c.service', '\nRestart=no\nId=c.service\n\n'],
    ['d.service', '\n'],
  ])('of several units that systemd has shown, what is said of %s', async (unit, said) => {
    using shop = workshop();
    const blocks = [
      'Id=a.service\nRestart=no',
      'Restart=always\nId=b.service\nEnvironment=A=1 Id=c.service',
      'Restart=no\nId=c.service',
    ];
    writeFileSync(join(shop.root, 'shown'), `${blocks.join('\n\n')}\n`);
    const { stdout } = await shop.run(shell, `shown_back=$(cat "$R/shown"); shown_of ${unit}; say "$r_shown"`);
    expect(stdout).toBe(said);
  });

  it('the next number is behind all that was ever used, whatever has become of it', async () => {
    using shop = workshop();
    const generations = join(shop.state, 'generations');
    const next = async () => (await shop.run(shell, 'claim')).stdout;
    expect(await next()).toBe('1\n');
    for (const name of ['3', 'not-9', '.staging-4']) mkdirSync(join(generations, name));
    expect(await next()).toBe('5\n');
    mkdirSync(join(shop.root, 'releases/.lent-12'), { recursive: true });
    mkdirSync(join(shop.root, 'releases/7'));
    expect(await next()).toBe('13\n');
    writeFileSync(
      join(shop.state, 'log'),
      ['2026-01-01T00:00:00Z t deploy 1 20 committed me', '2026-01-02T00:00:00Z u rollback 20 2 committed me\n'].join(
        '\n',
      ),
    );
    expect(await next()).toBe('21\n');
  });
});
