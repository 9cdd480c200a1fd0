import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readPrivate, replacePrivate } from '../../src/local/private-file.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-private-'));
  file = join(folder, 'app.env');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('a file that is changed in place', () => {
  it.each([
    [0o644, 0o600],
    [0o660, 0o600],
    [0o600, 0o600],
    [0o400, 0o400],
  ])('of mode %o has %o afterwards, whatever the umask', async (had, has) => {
    writeFileSync(file, 'A=1\n');
    chmodSync(file, had);
    const before = process.umask(0);
    try {
      await replacePrivate(file, 'A=2\n', await readPrivate(file));
    } finally {
      process.umask(before);
    }
    expect({ mode: modeOf(file), text: readFileSync(file, 'utf8') }).toEqual({ mode: has, text: 'A=2\n' });
    expect(readdirSync(folder)).toEqual(['app.env']);
  });

  it("that is new is its owner's alone", async () => {
    expect(await readPrivate(file)).toBeNull();
    await replacePrivate(file, 'A=1\n', null);
    expect(modeOf(file)).toBe(0o600);
  });

  it('is left alone where it is a link, a folder, or was changed meanwhile', async () => {
    const real = join(folder, 'real');
    writeFileSync(real, 'A=1\n');
    symlinkSync(real, file);
    await expect(readPrivate(file)).rejects.toThrow('is a link');
    await expect(readPrivate(folder)).rejects.toThrow('is no regular file');
    const before = await readPrivate(real);
    writeFileSync(real, 'A=other\n');
    await expect(replacePrivate(real, 'A=2\n', before)).rejects.toThrow('was changed by somebody else');
    expect(readFileSync(real, 'utf8')).toBe('A=other\n');
    await expect(replacePrivate(real, 'A=2\n', null)).rejects.toThrow('was changed by somebody else');
    expect(readdirSync(folder).sort()).toEqual(['app.env', 'real']);
  });

  it.skipIf(process.getuid?.() !== 0)('is left alone where it belongs to another account', async () => {
    writeFileSync(file, 'A=1\n');
    const { chownSync } = await import('node:fs');
    chownSync(file, 65534, 65534);
    await expect(readPrivate(file)).rejects.toThrow('belongs to another account');
  });
});
