import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLocal, readLocalText } from '../../src/local/file.ts';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'fleet-local-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const refused = (path: string, most?: number) =>
  readLocal(path, most).then(
    () => 'it was read',
    (error: Error) => error.message,
  );

describe('a file of the operator', () => {
  it('is read as it is, of any size up to the limit, also where its size is not told', async () => {
    for (const size of [0, 1, 70_000, 300_000]) {
      const file = join(dir, `size-${size}`);
      writeFileSync(file, 'x'.repeat(size));
      expect((await readLocal(file)).length).toBe(size);
      expect((await readLocal(file, size)).length).toBe(size);
    }
    expect(await refused(join(dir, 'size-70000'), 69_999)).toContain('is larger than');
    expect(await readLocalText('/proc/self/status')).toContain('Name:');
  });

  it('is not waited for where a path leads to a pipe, a socket, a device or what has no end', async () => {
    const pipe = join(dir, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(await refused(pipe)).toBe('is a named pipe, not a file; put what it holds into a regular file');
    const server = createServer().listen(join(dir, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    expect(await refused(join(dir, 'socket'))).toContain('is a socket');
    server.close();
    symlinkSync('/dev/zero', join(dir, 'endless'));
    expect(await refused(join(dir, 'endless'))).toContain('is a device');
    expect(await refused(dir)).toContain('is a folder');
    const sparse = join(dir, 'sparse');
    writeFileSync(sparse, '');
    truncateSync(sparse, 2 ** 40);
    expect(await refused(sparse)).toContain('is larger than 16 MB');
  });

  it('is empty where it is the null device', async () => {
    expect(await readLocalText('/dev/null')).toBe('');
  });
});
