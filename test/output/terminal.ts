import { Writable } from 'node:stream';

/** A small terminal: understands what the view writes and nothing else, so that an unknown sequence fails the test. */
export class Terminal extends Writable {
  readonly scrollback: string[] = [];
  screen: string[] = [''];
  cursorShown = true;
  writes = 0;
  bytes = 0;
  #row = 0;
  #column = 0;

  constructor(
    public columns: number,
    public rows: number,
  ) {
    super({ decodeStrings: false });
  }

  size = () => ({ columns: this.columns, rows: this.rows });

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.writes += 1;
    this.bytes += Buffer.byteLength(chunk);
    for (const [part] of chunk.matchAll(/\x1b\[[?\d;]*[a-zA-Z]|[^\x1b]/gu)) this.#take(part);
    if (/\x1b(?!\[)/.test(chunk)) throw new Error(`an escape that is no CSI in ${JSON.stringify(chunk)}`);
    done();
  }

  #take(part: string): void {
    if (part.length === 1 || !part.startsWith('\x1b')) {
      if (part === '\n') this.#lineFeed();
      else if (part === '\r') this.#column = 0;
      else if (/[\x00-\x1f\x7f-\x9f]/.test(part)) throw new Error(`control character ${JSON.stringify(part)}`);
      else this.#print(part);
      return;
    }
    const up = /^\x1b\[(\d+)A$/.exec(part);
    if (up) this.#row = Math.max(0, this.#row - Number(up[1]));
    else if (part === '\x1b[K') this.screen[this.#row] = this.#line().slice(0, this.#column);
    else if (part === '\x1b[J') this.screen = [...this.screen.slice(0, this.#row), this.#line().slice(0, this.#column)];
    else if (part === '\x1b[?25l') this.cursorShown = false;
    else if (part === '\x1b[?25h') this.cursorShown = true;
    else if (!/^\x1b\[\d+m$/.test(part)) throw new Error(`unknown sequence ${JSON.stringify(part)}`);
  }

  #line = () => this.screen[this.#row] ?? '';

  #print(char: string): void {
    if (this.#column >= this.columns) this.#lineFeed();
    const line = this.#line().padEnd(this.#column);
    this.screen[this.#row] = line.slice(0, this.#column) + char + line.slice(this.#column + 1);
    this.#column += 1;
  }

  #lineFeed(): void {
    this.#row += 1;
    this.#column = 0;
    this.screen[this.#row] ??= '';
    if (this.screen.length <= this.rows) return;
    this.scrollback.push(this.screen.shift() ?? '');
    this.#row -= 1;
  }

  /** What is to be seen, without the empty end. */
  text = () =>
    this.screen
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  /** Everything that was ever left on it. */
  all = () =>
    [...this.scrollback, ...this.screen]
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
}

/** A stream that keeps what was written. */
export class Kept extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk;
    done();
  }
}
