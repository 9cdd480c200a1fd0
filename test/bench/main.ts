import { readFileSync, writeFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { play } from './play.ts';
import { asMarkdown, asText, type Sample, tables, withTables } from './report.ts';
import { TOOLS } from './tools.ts';

const HELP = `npm run bench -- [options]: one job by fleet, by a script, and by other tools where they are installed

  --quick          one host, no delay, two rounds of fleet and the script
  --hosts 1,5,20   on so many hosts, one after another; 200 works where there is memory for it
  --rtt 0,50       milliseconds to a host and back
  --rounds 5
  --tools a,b      only these: ${TOOLS.map(({ name }) => name).join(', ')}
  --trees          instead, big trees that are as they were: 20 000 files, and 1 GB
  --json FILE      every sample
  --from FILE      what --json wrote, instead of a run; repeatable
  --markdown FILE  puts the tables into this page
`;

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    hosts: { type: 'string' },
    rtt: { type: 'string' },
    rounds: { type: 'string' },
    tools: { type: 'string' },
    trees: { type: 'boolean', default: false },
    json: { type: 'string' },
    from: { type: 'string', multiple: true, default: [] },
    markdown: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

type Written = {
  /** What took the samples. */
  readonly command: string;
  readonly at: string;
  readonly machine: string;
  readonly delays: string;
  readonly samples: readonly Sample[];
};

async function run(): Promise<Written> {
  const small = flags.quick || flags.trees;
  const [hosts, rtts, rounds] = flags.quick ? ['1', '0', '2'] : flags.trees ? ['1', '0', '3'] : ['1,5,20', '0,50', '5'];
  const names = flags.tools?.split(',') ?? (small ? ['raw', 'fleet'] : TOOLS.map(({ name }) => name));
  const numbers = (text: string) => text.split(',').map(Number);
  const played = await play({
    tools: TOOLS.filter((tool) => names.includes(tool.name) && tool.here()),
    counts: numbers(flags.hosts ?? hosts ?? ''),
    rtts: numbers(flags.rtt ?? rtts ?? ''),
    rounds: Number(flags.rounds ?? rounds),
    trees: flags.trees,
  });
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GB`;
  const processor = `${availableParallelism()} cores of ${cpus()[0]?.model.trim()}`;
  return {
    command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
    at: new Date().toISOString().slice(0, 16),
    machine: `${processor}, ${memory}, Linux ${release()} ${arch()}, Node ${process.versions.node}`,
    ...played,
  };
}

async function main(): Promise<void> {
  const read = (file: string): Written => JSON.parse(readFileSync(file, 'utf8'));
  const all = flags.from.length > 0 ? flags.from.map(read) : [await run()];
  for (const { samples } of all) process.stdout.write(`${tables(samples).map(asText).join('\n')}\n`);
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(all[0], null, 1)}\n`);
  if (flags.markdown !== undefined) {
    const content = all.map(({ command, at, machine, delays, samples }) =>
      [`\`${command}\`, ${at} UTC, ${machine}; ${delays}.\n`, ...tables(samples).map(asMarkdown)].join('\n'),
    );
    writeFileSync(flags.markdown, withTables(readFileSync(flags.markdown, 'utf8'), content.join('\n')));
  }
}

if (flags.help) process.stdout.write(HELP);
else await main();
