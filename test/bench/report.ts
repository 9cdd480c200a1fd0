/** One run of one tool. */
export type Sample = {
  /** Which tree was deployed, or that programs were only started. */
  readonly job: string;
  readonly tool: string;
  readonly hosts: number;
  readonly rttMs: number;
  readonly scenario: string;
  /** What was run in one round was run in turns, on hosts in the same state. */
  readonly round: number;
  readonly wallMs: number;
  /** Of all processes of the tool. */
  readonly cpuMs: number;
  readonly memoryBytes: number;
  /** Of all hosts together. */
  readonly hostCpuMs: number;
  readonly connections: number;
  readonly bytes: number;
  readonly turns: number;
};

export type Table = {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
};

type Measure = 'wallMs' | 'cpuMs' | 'memoryBytes' | 'hostCpuMs' | 'connections' | 'bytes' | 'turns';

/** The middle one, or between the two in the middle. @throws of nothing */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  if (low === undefined || high === undefined) throw new Error('the median of nothing');
  return (low + high) / 2;
}

/** Of what a tool took to what another one did, in the same round; null where they share none. */
export function ratio(of: readonly Sample[], to: readonly Sample[]): number | null {
  const ratios = of.flatMap(({ round, wallMs }) => {
    const other = to.find((one) => one.round === round);
    return other === undefined ? [] : [wallMs / other.wallMs];
  });
  return ratios.length === 0 ? null : median(ratios);
}

/** How often the whole way to the host and back was waited for: what a delay has added, in delays. */
export function tripsWaited(near: readonly Sample[], far: readonly Sample[]): number | null {
  const [rttMs] = far.map((one) => one.rttMs);
  if (near.length === 0 || rttMs === undefined) return null;
  return (median(wallsOf(far)) - median(wallsOf(near))) / rttMs;
}

const wallsOf = (samples: readonly Sample[]) => samples.map(({ wallMs }) => wallMs);

const distinct = <T>(values: readonly T[]): readonly T[] => [...new Set(values)];

const seconds = (ms: number) => (ms < 10_000 ? `${(ms / 1000).toFixed(2)} s` : `${(ms / 1000).toFixed(1)} s`);

/** The tables of a run: what is compared stands side by side, the first tool is what the others are compared with. */
export function tables(samples: readonly Sample[]): readonly Table[] {
  const groups = distinct(samples.map(({ job, hosts }) => `${job}\n${hosts}`));
  return groups.flatMap((group) => tablesOf(samples.filter(({ job, hosts }) => `${job}\n${hosts}` === group)));
}

function tablesOf(samples: readonly Sample[]): readonly Table[] {
  const [first] = samples;
  if (first === undefined) return [];
  const tools = distinct(samples.map(({ tool }) => tool));
  const scenarios = distinct(samples.map(({ scenario }) => scenario));
  const rtts = distinct(samples.map(({ rttMs }) => rttMs)).toSorted((a, b) => a - b);
  const [near = 0, far] = rtts;
  const some = (tool: string, scenario: string, rttMs: number) =>
    samples.filter((one) => one.tool === tool && one.scenario === scenario && one.rttMs === rttMs);

  const time = (tool: string, scenario: string, rttMs: number): string => {
    const mine = some(tool, scenario, rttMs);
    if (mine.length === 0) return '';
    const walls = wallsOf(mine);
    const [low, high] = [Math.min(...walls), Math.max(...walls)];
    const times = ratio(mine, some(first.tool, scenario, rttMs));
    return [
      seconds(median(walls)),
      `(${seconds(low).replace(' s', '')}–${seconds(high).replace(' s', '')})`,
      ...(tool === first.tool || times === null ? [] : [`${times.toFixed(1)}x`]),
    ].join(' ');
  };
  /** One number a scenario. */
  const cost = (title: string, say: (tool: string, scenario: string) => string | null) => [
    title,
    ...tools.map((tool) => scenarios.map((scenario) => say(tool, scenario) ?? '–').join(' / ')),
  ];
  const middle = (measure: Measure, say: (value: number) => string) => (tool: string, scenario: string) => {
    const mine = some(tool, scenario, near);
    return mine.length === 0 ? null : say(median(mine.map((one) => one[measure])));
  };
  const whole = (value: number) => value.toFixed(0);
  const waited = (tool: string, scenario: string) => {
    const trips = far === undefined ? null : tripsWaited(some(tool, scenario, near), some(tool, scenario, far));
    return trips === null ? null : whole(trips);
  };
  const title = first.hosts === 0 ? first.job : `${first.job}, ${first.hosts} ${first.hosts === 1 ? 'host' : 'hosts'}`;
  const connected = samples.some(({ connections }) => connections > 0);
  const costs = [
    ...(far === undefined ? [] : [cost('round trips waited for', waited)]),
    ...(connected
      ? [
          cost('connections', middle('connections', whole)),
          cost('turns', middle('turns', whole)),
          cost(
            'kB on the wire',
            middle('bytes', (bytes) => whole(bytes / 1000)),
          ),
          cost('CPU of the hosts', middle('hostCpuMs', seconds)),
        ]
      : []),
    cost('CPU of the controller', middle('cpuMs', seconds)),
    cost(
      'peak memory, MB',
      middle('memoryBytes', (bytes) => whole(bytes / 1e6)),
    ),
  ];
  return [
    {
      title: `${title}: time`,
      head: ['', ...tools],
      rows: scenarios.flatMap((scenario) =>
        rtts.map((rttMs) => [
          rtts.length === 1 ? scenario : `${scenario}, ${rttMs} ms`,
          ...tools.map((tool) => time(tool, scenario, rttMs)),
        ]),
      ),
    },
    {
      title: `${title}: cost${scenarios.length > 1 ? `, ${scenarios.join(' / ')}` : ''}`,
      head: ['', ...tools],
      rows: costs,
    },
  ];
}

/** For a terminal. */
export function asText({ title, head, rows }: Table): string {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => (row[i] ?? '').length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [title, ...[head, ...rows].map((row) => `  ${line(row)}`), ''].join('\n');
}

export function asMarkdown({ title, head, rows }: Table): string {
  const line = (row: readonly string[]) => `| ${row.join(' | ')} |`;
  return [`### ${title}`, '', line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line), ''].join('\n');
}

const MARKS = ['<!-- bench: begin -->', '<!-- bench: end -->'] as const;

/** A page with what stands between its marks replaced. @throws when it has no marks */
export function withTables(page: string, content: string): string {
  const [begin, end] = MARKS.map((mark) => page.indexOf(mark)) as [number, number];
  if (begin < 0 || end < begin) throw new Error(`the page lacks ${MARKS.join(' … ')}`);
  return `${page.slice(0, begin + MARKS[0].length)}\n\n${content}\n${page.slice(end)}`;
}
