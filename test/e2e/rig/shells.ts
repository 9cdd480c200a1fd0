import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Result, RunOptions } from './docker.ts';

export const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * Root's shells on one host, kept from one look to the next: the engine takes a tenth of a second and most of a core to
 * start one, and a test looks a hundred times. Each command is a process of its own, with nothing to read.
 */
export class Shells {
  private readonly idle: Shell[] = [];

  constructor(private readonly id: string) {}

  async run(command: string, options: RunOptions): Promise<Result> {
    for (;;) {
      const kept = this.idle.pop();
      const shell = kept ?? new Shell(this.id);
      const { began, ...result } = await shell.run(command, options);
      if (shell.lives) this.idle.push(shell);
      // A kept one may have ended meanwhile, with its host for one, and not begun with this.
      if (kept === undefined || began) return result;
    }
  }

  /** To be called before the host goes down, or for good. */
  end(): void {
    for (const shell of this.idle.splice(0)) shell.end();
  }
}

class Shell {
  lives = true;
  private readonly child: ChildProcessWithoutNullStreams;
  private stdout: Buffer[] = [];
  private stderr: Buffer[] = [];
  /** Called when there is more to hear, or nothing any more. */
  private news: () => void = () => {};

  constructor(id: string) {
    this.child = spawn('docker', ['exec', '-i', id, 'sh'], { stdio: 'pipe' });
    this.child.stdin.on('error', () => {});
    this.child.stdout.on('data', (chunk) => {
      this.stdout.push(chunk);
      this.news();
    });
    this.child.stderr.on('data', (chunk) => {
      this.stderr.push(chunk);
      this.news();
    });
    const gone = () => {
      this.lives = false;
      this.news();
    };
    this.child.on('error', gone).on('close', gone);
  }

  end(): void {
    this.lives = false;
    this.child.kill('SIGKILL');
  }

  run(command: string, options: RunOptions): Promise<Result & { readonly began: boolean }> {
    const { timeoutMs = 60_000, mostBytes = 64 * 1024 ** 2 } = options;
    const mark = randomUUID();
    this.stdout = [];
    this.stderr = [];
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.news = () => {};
        settle();
      };
      const fail = (why: string) => {
        this.end();
        finish(() => reject(new Error(`${why}: ${command}\n${text(this.stderr, mark).slice(-2000)}`)));
      };
      const timer = setTimeout(() => fail(`no end after ${timeoutMs} ms`), timeoutMs);
      this.news = () => {
        const [code, both] = [endOf(this.stdout, mark), endOf(this.stderr, mark)];
        if (this.lives && (code === null || both === null)) {
          if (size(this.stdout) + size(this.stderr) > mostBytes) fail(`more than ${mostBytes} bytes of output`);
          return;
        }
        const began = Buffer.concat(this.stdout).includes(mark);
        const result = { began, stdout: text(this.stdout, mark), stderr: text(this.stderr, mark) };
        // Without a code the command has taken the shell with it.
        finish(() => resolve({ code: code ?? this.child.exitCode ?? -1, ...result }));
      };
      if (!this.lives) return this.news();
      const end = `printf '\\n%s %s\\n' ${mark} "$code"`;
      this.child.stdin.write(`echo ${mark}; sh -c ${quote(command)} </dev/null; code=$?; ${end}; ${end} >&2\n`);
    });
  }
}

const size = (chunks: readonly Buffer[]) => chunks.reduce((sum, { length }) => sum + length, 0);

/** The code behind the mark that ends what a command says; null as long as it has not been said. */
function endOf(chunks: readonly Buffer[], mark: string): number | null {
  const tail = Buffer.concat(chunks.slice(-4)).subarray(-64).toString('latin1');
  const [, code] = new RegExp(`\\n${mark} (\\d+)\\n$`).exec(tail) ?? [];
  return code === undefined ? null : Number(code);
}

/** What a command said, without the marks. */
const text = (chunks: readonly Buffer[], mark: string) =>
  Buffer.concat(chunks)
    .toString('utf8')
    .replace(`${mark}\n`, '')
    .replace(new RegExp(`\\n${mark} \\d+\\n$`), '');
