import type { BootLine, Bystander } from '../model/beside.ts';

const BETWEEN = '\x1f';

/** Parses a line "beside-process PID PARENT ACCOUNT UNIT TERMINAL ^_ CWD ^_ PROGRAM ^_ WORD …" without its first word. */
export function parseBystander(line: string): readonly Bystander[] {
  const [head = '', cwd = '', program = '', ...argv] = line.split(BETWEEN);
  const [pid, parent, account = '', unit = '-', terminal] = head.split(' ');
  // Whoever ends what is told must not be sent to another process.
  if (!isNumber(pid) || !isNumber(parent)) return [];
  return [
    {
      ...{ pid: Number(pid), parent: Number(parent), account, unit: /^[\w:.@\\-]+[.]\w+$/.test(unit) ? unit : null },
      ...{ terminal: terminal === 'yes', cwd, program },
      argv: argv.at(-1) === '' ? argv.slice(0, -1) : argv,
    },
  ];
}

const isNumber = (text = ''): boolean => /^[0-9]{1,10}$/.test(text);

/** Parses a line "beside-line ACCOUNT FILE HOME TEXT" without its first word. */
export function parseBootLine(line: string): BootLine {
  const [account = '-', file = '', home = '-', ...text] = line.split(' ');
  const known = (word: string) => (word === '-' ? null : word);
  return { account: known(account), file, home: known(home), text: text.join(' ') };
}
