import type { Sink } from '../text/sink.ts';
import { displayWidth } from '../text/width.ts';

/**
 * The last lines of a terminal, drawn over and over in place. Lines are emptied one by one: some terminals (tmux) push
 * everything into the scrollback when the screen is erased from its first line on.
 */
export interface Screen {
  draw(lines: readonly string[], columns: number): void;
  /** Takes the lines away and shows the cursor again; the next text stands where they stood. */
  clear(): void;
}

const HIDE = '\x1b[?25l';
const SHOW = '\x1b[?25h';
const REST_OF_LINE = '\x1b[K';
const REST_OF_SCREEN = '\x1b[J';

export function screenOn(out: Sink): Screen {
  let shown: readonly string[] = [];
  let width = 0;
  let hidden = false;

  /** To the first of the shown lines: a terminal made narrower has wrapped them, so they may take more lines now. */
  const home = (columns: number) => {
    const lines = shown.reduce((sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line) / columns)), 0);
    return lines === 0 ? '' : `\x1b[${lines}A\r`;
  };
  return {
    draw(lines, columns) {
      if (columns === width && lines.length === shown.length && lines.every((line, i) => line === shown[i])) return;
      const same = columns === width;
      const body = lines.map((line, i) => (same && line === shown[i] ? '\n' : `${line}${REST_OF_LINE}\n`)).join('');
      const rest = same && lines.length >= shown.length ? '' : REST_OF_SCREEN;
      out.write(`${hidden ? '' : HIDE}${home(columns)}${body}${rest}`);
      shown = lines;
      width = columns;
      hidden = true;
    },
    clear() {
      if (!hidden) return;
      const up = home(Math.max(1, width));
      out.write(`${up}${`${REST_OF_LINE}\n`.repeat(shown.length)}${up}${SHOW}`);
      shown = [];
      hidden = false;
    },
  };
}
