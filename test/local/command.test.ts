import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { endCommands, runCommand } from '../../src/local/command.ts';

const run = (script: string, more: { timeoutMs?: number; most?: number } = {}) =>
  runCommand(['sh', '-c', script], { cwd: tmpdir(), env: { PATH: process.env.PATH }, timeoutMs: 5000, ...more });

/** Whether a process still is; one that nobody has asked how it ended counts as gone. */
function lives(pid: number): boolean {
  try {
    return !/^\S+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
const gone = (pid: number) => expect.poll(() => lives(pid)).toBe(false);

describe('a program of the operator', () => {
  it('gives what it printed and how it ended', async () => {
    expect(await run('echo out; echo err >&2; exit 3')).toEqual({
      ran: true,
      code: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect(await run('head -c 3000000 /dev/zero | tr "\\0" x')).toMatchObject({ stdout: 'x'.repeat(3_000_000) });
    expect(await run('cat')).toMatchObject({ ran: true, stdout: '' });
    expect(await run('kill -9 $$')).toMatchObject({ ran: false, why: 'was ended by SIGKILL' });
    const missing = await runCommand(['/no/such'], { cwd: tmpdir(), env: {}, timeoutMs: 1000 });
    expect(missing).toMatchObject({ ran: false, why: 'was not found' });
  });

  it('has ended when it has, though what it left running holds its output open', async () => {
    const begun = Date.now();
    const result = await run('echo half; sleep 30 & echo $! >&2');
    expect(Date.now() - begun).toBeLessThan(3000);
    expect(result).toMatchObject({ ran: false, why: expect.stringContaining('still holds its output open') });
    const left = Number(result.stderr);
    // It is none of ours: an agent is meant to stay.
    expect(lives(left)).toBe(true);
    process.kill(left, 'SIGKILL');
  });

  it('may leave running what has let go of its output, or holds only its standard error', async () => {
    for (const redirect of ['>/dev/null 2>&1', '>/dev/null']) {
      const result = await run(`sleep 30 ${redirect} & echo $!`);
      expect(result).toMatchObject({ ran: true, code: 0 });
      const left = result.ran ? Number(result.stdout) : 0;
      expect(lives(left)).toBe(true);
      process.kill(left, 'SIGKILL');
    }
  });

  it('is ended with all that it started when its time is up or it prints without end', async () => {
    const slow = await run('sh -c "sleep 30 & echo \\$! >&2; wait" & echo $! >&2; wait', { timeoutMs: 400 });
    expect(slow).toMatchObject({ ran: false, why: 'took longer than 0.4 s' });
    const pids = slow.stderr.trim().split('\n').map(Number);
    expect(pids).toHaveLength(2);
    for (const pid of pids) await gone(pid);
    const loud = await run('echo $$ >&2; yes', { most: 1024 * 1024 });
    expect(loud).toMatchObject({ ran: false, why: 'printed more than 1 MB' });
    await gone(Number(loud.stderr));
    // Of what it says on standard error the end is kept.
    const chatty = await run('yes | head -c 1000000 >&2; echo last >&2; exit 1');
    expect(chatty.stderr.endsWith('last\n')).toBe(true);
    expect(chatty.stderr.length).toBeLessThan(70_000);
  });

  it('does not outlive us', async () => {
    const running = run('echo $$ >&2; sleep 30; true');
    await new Promise((resolve) => setTimeout(resolve, 300));
    endCommands();
    const result = await running;
    expect(result).toMatchObject({ ran: false, why: 'was ended by SIGKILL' });
    await gone(Number(result.stderr));
  });
});
