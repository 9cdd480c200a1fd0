/** One number of a monitoring plugin, as its guidelines write it. */
export type PluginNumber = {
  readonly label: string;
  /** Null for `U`. */
  readonly value: number | null;
  readonly unit: string;
  readonly warn: string;
  readonly critical: string;
  readonly min: string;
  readonly max: string;
};

const DECIMAL = String.raw`-?\d+(?:\.\d+)?`;
const RANGE = `(?:@?(?:~:|${DECIMAL}:)?(?:${DECIMAL})?)`;
const NUMBER = new RegExp(
  `^(?:'((?:[^'=]|'')+)'|([^'= ]+))=(U|${DECIMAL})(us|ms|s|%|B|KB|MB|TB|c|)(?:;(${RANGE})(?:;(${RANGE})(?:;(${DECIMAL}|)(?:;(${DECIMAL}|))?)?)?)?(?: |$)`,
);

function numbers(text: string): readonly PluginNumber[] {
  const found: PluginNumber[] = [];
  for (let rest = text.trim(); rest !== ''; ) {
    const match = NUMBER.exec(rest);
    if (match === null) throw new Error(`not a number of a plugin: ${rest.slice(0, 80)}`);
    const [whole, quoted, plain = '', value = '', unit = '', warn = '', critical = '', min = '', max = ''] = match;
    const label = quoted === undefined ? plain : quoted.replaceAll("''", "'");
    found.push({ label, value: value === 'U' ? null : Number(value), unit, warn, critical, min, max });
    rest = rest.slice(whole.length);
  }
  return found;
}

/** What Nagios reads of a plugin. @throws where it would read something else than was meant */
export function readPlugin(text: string) {
  if (Buffer.byteLength(text) > 8191) throw new Error(`${Buffer.byteLength(text)} bytes`);
  if (/[\x00-\x09\x0b-\x1f\x7f]/.test(text)) throw new Error('a control character');
  const [first = '', ...lines] = text.split('\n');
  const [head = '', counts = '', ...more] = first.split('|');
  if (more.length > 0) throw new Error(`two bars in one line: ${first}`);
  if (head.trim() === '' || head.trim().length > 80)
    throw new Error(`the first line has ${head.trim().length} columns`);
  const bar = lines.findIndex((line) => line.includes('|'));
  const long = bar < 0 ? lines : lines.slice(0, bar + 1);
  const [last = '', after = '', ...third] = (long.at(-1) ?? '').split('|');
  if (third.length > 0) throw new Error(`two bars in one line: ${long.at(-1)}`);
  if (bar >= 0 && last.trim() === '') throw new Error('a bar with no text before it, which Nagios reads as text');
  const rest = bar < 0 ? '' : [after, ...lines.slice(bar + 1)].join(' ');
  const all = [...numbers(counts), ...numbers(rest)];
  if (new Set(all.map(({ label }) => label)).size < all.length) throw new Error('two numbers of one label');
  return { head: head.trim(), long: [...long.slice(0, -1), ...(long.length > 0 ? [last.trim()] : [])], numbers: all };
}

export type Series = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;

/**
 * Metrics as the strictest reader of the text format takes them, and one of OpenMetrics too. @throws on anything else: a time,
 * a series told twice, a metric that is torn apart or not explained
 */
export function readMetrics(text: string): readonly Series[] {
  if (!text.endsWith('\n# EOF\n')) throw new Error('no # EOF at its end');
  const series: Series[] = [];
  const known = new Set<string>();
  let current = '';
  let typed = false;
  for (const line of text.slice(0, -'# EOF\n'.length).trimEnd().split('\n')) {
    const [, word, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (word === 'HELP') {
      if (known.has(name)) throw new Error(`${name} is explained twice, or torn apart`);
      if (!/^([^\\\n]|\\\\|\\n)+$/.test(rest)) throw new Error(`help of ${name} is not escaped`);
      known.add(name);
      current = name;
      typed = false;
    } else if (word === 'TYPE') {
      if (name !== current || typed || rest !== 'gauge') throw new Error(`type of ${name}`);
      typed = true;
    } else {
      if (line.startsWith('#') || line === '') throw new Error(`no line of metrics: ${line}`);
      const one = readSeries(line);
      if (one.name !== current || !typed) throw new Error(`${one.name} stands outside of its metric`);
      series.push(one);
    }
  }
  const keys = series.map(({ name, labels }) => JSON.stringify([name, Object.entries(labels).sort()]));
  if (new Set(keys).size < keys.length) throw new Error('a series is told twice');
  return series;
}

function readSeries(line: string): Series {
  const [name = ''] = NAME.exec(line) ?? [];
  let rest = line.slice(name.length);
  const labels: Record<string, string> = {};
  if (name === '') throw new Error(`no name: ${line}`);
  if (rest.startsWith('{')) {
    const inner = /^\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"(?:,|(?=\})))*)\}/.exec(rest);
    if (inner === null) throw new Error(`labels: ${line}`);
    for (const [, label = '', value = ''] of inner[1]?.matchAll(/([a-zA-Z0-9_]+)="((?:[^"\\]|\\.)*)"/g) ?? []) {
      if (Object.hasOwn(labels, label)) throw new Error(`label ${label} twice: ${line}`);
      labels[label] = value.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));
    }
    rest = rest.slice(inner[0].length);
  }
  if (!/^ -?\d+(\.\d+)?(e[+-]?\d+)?$/.test(rest)) throw new Error(`no value alone: ${line}`);
  return { name, labels, value: Number(rest) };
}
