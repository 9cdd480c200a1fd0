import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { run } from './e2e/rig/docker.ts';
import { text } from './text.ts';

const ENDLESS = 'while :; do echo "and so on"; done';

describe('what a program prints without end', () => {
  it('is cut off by the rig with an error that names the program', async () => {
    await expect(run('sh', ['-c', ENDLESS], { mostBytes: 100_000 })).rejects.toThrow(
      /^more than 100000 bytes of output: sh -c while/,
    );
    expect((await run('sh', ['-c', `${ENDLESS} | head -c 99999`], { mostBytes: 100_000 })).stdout).toHaveLength(99_999);
  });

  it('is not collected for ever by a test either, and the program ends', async () => {
    const child = spawn('sh', ['-c', ENDLESS], { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = new Promise((done) => child.on('close', (code, signal) => done(signal ?? code)));
    await expect(text(child.stdout, 100_000)).rejects.toThrow(/^more than 100000 bytes of output, .*and so on/s);
    expect(await ended).not.toBe(0);
    const short = spawn('sh', ['-c', 'echo möglich'], { stdio: ['ignore', 'pipe', 'ignore'] });
    expect(await text(short.stdout, 100_000)).toBe('möglich\n');
  });
});
