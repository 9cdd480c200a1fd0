import { Writable } from 'node:stream';

/** A character, and what it is drawn with: the numbers of the last colour and the last weight. */
export type Cell = { readonly char: string; readonly colour: number; readonly weight: number };

const textOf = (cells: readonly Cell[]) => cells.map(({ char }) => char).join('');

/** A small terminal: understands what the view writes and nothing else, so that an unknown sequence fails the test. */
export class Terminal extends Writable {
  readonly gone: Cell[][] = [];
  lines: Cell[][] = [[]];
  cursorShown = true;
  writes = 0;
  bytes = 0;
  #row = 0;
  #column = 0;
  #colour = 39;
  #weight = 22;

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
    else if (part === '\x1b[K') this.lines[this.#row] = this.#line().slice(0, this.#column);
    else if (part === '\x1b[J') this.lines = [...this.lines.slice(0, this.#row), this.#line().slice(0, this.#column)];
    else if (part === '\x1b[?25l') this.cursorShown = false;
    else if (part === '\x1b[?25h') this.cursorShown = true;
    else if (/^\x1b\[(1|2|22)m$/.test(part)) this.#weight = Number(part.slice(2, -1));
    else if (/^\x1b\[\d+m$/.test(part)) this.#colour = Number(part.slice(2, -1));
    else throw new Error(`unknown sequence ${JSON.stringify(part)}`);
  }

  #line = () => this.lines[this.#row] ?? [];

  #print(char: string): void {
    if (this.#column >= this.columns) this.#lineFeed();
    const line = [...this.#line()];
    while (line.length < this.#column) line.push({ char: ' ', colour: 39, weight: 22 });
    line[this.#column] = { char, colour: this.#colour, weight: this.#weight };
    this.lines[this.#row] = line;
    this.#column += 1;
  }

  #lineFeed(): void {
    this.#row += 1;
    this.#column = 0;
    this.lines[this.#row] ??= [];
    if (this.lines.length <= this.rows) return;
    this.gone.push(this.lines.shift() ?? []);
    this.#row -= 1;
  }

  get scrollback(): readonly string[] {
    return this.gone.map(textOf);
  }
  get screen(): readonly string[] {
    return this.lines.map(textOf);
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
