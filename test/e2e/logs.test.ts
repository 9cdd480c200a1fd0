import { afterAll, beforeAll, describe, expect } from 'vitest';
import { fleetProject, type Project, type Running } from './fleet.ts';
import { drawn, type Hosts, type KindName, startHosts, type TcpProxy, type TestHost, tcpProxy } from './rig/index.ts';
import { eventually } from './samples.ts';
import { story } from './story.ts';

const ROOT = '/opt/shop';
// Five hosts, and in `npm test` one of each runtime.
const JOURNALS = drawn<KindName>('systemd', 'systemd-bullseye', 'systemd-trixie');
const FILES = drawn<KindName>('plain', 'busybox');
const NAMES = [...JOURNALS, ...FILES];
/** Of a step on five hosts, on a busy machine; and for what is waited for in it. */
const SLOW = { timeout: 400_000 } as const;
const PATIENCE = 150_000;
/** Milliseconds that a line waits for older ones of other hosts, as docs/guides/living.md says. */
const HOLD_BACK = 1500;
/** Lines that each host says at once. */
const MANY = NAMES.length === 5 ? 20_000 : 5_000;

const service = (name: string) => `[Service]
WorkingDirectory=${ROOT}/current
ExecStart=/bin/sh ${name}.sh
KillMode=mixed
LogRateLimitIntervalSec=0

[Install]
WantedBy=multi-user.target
`;

/** Waits for its file: in twenty bursts, so that the lines of several hosts lie between one another's. */
const MANY_LINES = `until [ -e ${ROOT}/many ]; do sleep 0.1; done
n=0
while [ $n -lt ${MANY} ]; do
  n=$((n + 1))
  echo "$n"
  [ $((n % 1000)) != 0 ] || sleep 0.1
done
exec sleep 3600
`;

/** Numbers the lines of each start by itself. */
const TICKS = `start=$(cat /proc/sys/kernel/random/uuid)
n=0
while :; do n=$((n + 1)); echo "$start $n"; sleep 0.05; done
`;

/** More than a line in a millisecond, as long as its file is there. */
const FLOOD = `n=0
while :; do
  if [ -e ${ROOT}/flood ]; then for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do n=$((n + 1)); echo "flood $n"; done; fi
  sleep 0.01
done
`;

type Line = { readonly host: string; readonly at: string; readonly text: string };
type Heard = Line & { /** When it arrived here, in milliseconds. */ readonly heard: number };
const linesOf = (stdout: string): readonly Line[] =>
  stdout.split('\n').flatMap((line) => (line.startsWith('{"type":"line"') ? [JSON.parse(line) as Line] : []));

let hosts: Hosts<Record<string, KindName>>;
const proxies = new Map<string, TcpProxy>();
let project: Project;
const on = (name: string): TestHost => hosts[name] as TestHost;
const link = (name: string): TcpProxy => proxies.get(name) as TcpProxy;

beforeAll(async () => {
  hosts = await startHosts(Object.fromEntries(NAMES.map((name) => [name, name])));
  for (const name of NAMES) proxies.set(name, await tcpProxy(on(name)));
  if (NAMES.includes('busybox')) await on('busybox').writeFile('/etc/rc.local', '#!/bin/sh\n', 0o755);
  const units = ['many', 'ticks', 'flood'];
  project = await fleetProject({
    hosts: Object.fromEntries(NAMES.map((name) => [name, { host: on(name), fields: { port: link(name).port } }])),
    playbook: {
      ...{ name: 'shop', root: ROOT, hosts: NAMES, deploy: { settle: '1s', deadline: '60s' } },
      tasks: [{ sync: { from: 'app' } }, { units: { from: 'units', enable: units.map((unit) => `${unit}.service`) } }],
    },
    units: Object.fromEntries(units.map((unit) => [`${unit}.service`, service(unit)])),
    files: { 'app/many.sh': MANY_LINES, 'app/ticks.sh': TICKS, 'app/flood.sh': FLOOD },
  });
});
afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
  for (const proxy of proxies.values()) await proxy.close();
  await hosts?.[Symbol.asyncDispose]();
});

/** All that a host itself has of a service, in its own order. */
async function recordOf(name: string, unit: string): Promise<readonly string[]> {
  const journal = `journalctl -q --no-pager -o cat -u ${unit}.service`;
  const file = `/var/lib/fleet/shop/run/${unit}.service/log`;
  return (await on(name).out(on(name).systemd ? journal : `cat ${file}`)).split('\n');
}

/** Follows, and gathers what is told. */
function follow(...words: readonly string[]) {
  const running: Running = project.start(['logs', ...words, '-f', '--all', '-o', 'json']);
  const heard: Heard[] = [];
  let half = '';
  let stderr = '';
  running.child.stdout?.on('data', (chunk) => {
    const now = Date.now();
    half += chunk;
    const whole = half.lastIndexOf('\n') + 1;
    for (const line of linesOf(half.slice(0, whole))) heard.push({ ...line, heard: now });
    half = half.slice(whole);
  });
  running.child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  return {
    ...{
      child: running.child,
      lines: (): readonly Heard[] => heard,
      news: () => stderr,
    },
    async stop() {
      running.child.kill('SIGINT');
      return await running.ended;
    },
  };
}

const isTick = (text: string) => /^[0-9a-f-]{36} \d+$/.test(text);

describe(`logs of ${NAMES.join(', ')}`, () => {
  const step = story();

  const numbers = Array.from({ length: MANY }, (_, i) => String(i + 1));
  const isNumber = ({ text }: Line) => /^\d+$/.test(text);

  step(
    'while all speak at once a link is cut, and of the lines of each host none is lost or comes twice',
    SLOW,
    async () => {
      expect((await project.fleet('deploy', '--all')).code).toBe(0);
      const [cut = ''] = JOURNALS;
      const followed = follow('many', '--since', '1h');
      // Its first lines: that of systemd itself.
      await eventually(async () => expect(followed.lines().some(({ host }) => host === cut)).toBe(true), PATIENCE);
      // In the middle of what it says, which is several times as much.
      link(cut).cutAfterBytes(300_000);
      await Promise.all(NAMES.map((name) => on(name).out(`touch ${ROOT}/many`)));
      const told = (name: string) => followed.lines().filter((line) => line.host === name && isNumber(line));
      await eventually(async () => {
        for (const name of NAMES) expect(told(name).length).toBeGreaterThanOrEqual(MANY);
      }, PATIENCE);
      const { code, stderr } = await followed.stop();
      for (const name of NAMES) expect(told(name).map(({ text }) => text)).toEqual(numbers);
      expect(stderr).toContain(`${cut}: lost (`);
      expect(stderr).toContain(`${cut}: back, `);
      expect(stderr).not.toContain('may be missing');
      expect(code).toBe(0);
    },
  );

  step('all past lines are told in the order of time, each once, those of a host in its own order', SLOW, async () => {
    const run = await project.human('logs', 'many', '--all', '-n', String(MANY + 50), '-o', 'json');
    expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' });
    const told = linesOf(run.stdout);
    for (const name of NAMES) {
      const own = told.filter((line) => line.host === name && isNumber(line));
      expect(own.map(({ text }) => text)).toEqual(numbers);
    }
    const times = told.map(({ at }) => at);
    expect(times).toEqual(times.toSorted());
    // Not one host after the other.
    const changes = told.filter(({ host }, i) => i > 0 && told[i - 1]?.host !== host).length;
    if (JOURNALS.length > 1) expect(changes).toBeGreaterThan(2 * NAMES.length);
  });

  step('the last so many are the last ones, whatever else narrows them, and come in pieces', SLOW, async () => {
    const last = async (...words: readonly string[]) => {
      const run = await project.human('logs', 'many', '--all', '-o', 'json', ...words);
      expect(run.code).toBe(0);
      const told = linesOf(run.stdout);
      return NAMES.map((name) => told.filter(({ host }) => host === name).map(({ text }) => text));
    };
    const each = (lines: readonly string[]) => NAMES.map(() => lines);
    expect(await last('-n', '20')).toEqual(each(numbers.slice(-20)));
    // More than a piece has.
    expect(await last('-n', '4900')).toEqual(each(numbers.slice(-4900)));
    expect(await last('-n', '20', '--since', '2h')).toEqual(each(numbers.slice(-20)));
    expect(await last('-n', '20', '--until', 'now')).toEqual(each(numbers.slice(-20)));
    expect(await last('-n', '20', '--grep', '5$')).toEqual(each(numbers.filter((n) => n.endsWith('5')).slice(-20)));
    // One piece of the host itself, however much is asked for.
    const asked = `5000 1000000 ${'- '.repeat(8)}many.service`;
    for (const name of NAMES) {
      const program = `for program in /var/lib/fleet/shop/host*.sh; do :; done; sh "$program"`;
      const piece = await on(name).out(`${program} ${ROOT} shop logs ${asked}`);
      expect(piece.slice(0, 300)).toMatch(/^(j \{|file many)/);
      expect(piece.endsWith('more\nend') || !on(name).systemd).toBe(true);
      expect(piece.length).toBeLessThan(1.2 * 1024 * 1024);
    }
  });

  step(
    'while they are followed, links are cut and hosts started anew: no line is lost, and none comes twice',
    async () => {
      const followed = follow('ticks', '-n', '1');
      const ticks = (name: string) => followed.lines().filter(({ host, text }) => host === name && isTick(text));
      const more = (names: readonly string[], count = 10) => {
        const had = new Map(names.map((name) => [name, ticks(name).length]));
        return eventually(async () => {
          for (const name of names) expect(ticks(name).length).toBeGreaterThan((had.get(name) ?? 0) + count);
        }, PATIENCE);
      };
      await more(NAMES);
      // In the middle of what a host is saying, at once, and while it says nothing.
      for (const name of NAMES) link(name).cutAfterBytes(700);
      await eventually(
        async () => expect(followed.news().match(/: back,/g)?.length).toBeGreaterThanOrEqual(NAMES.length),
        PATIENCE,
      );
      await more(NAMES);
      const again = [JOURNALS[0], FILES[0]].filter((name) => name !== undefined);
      const starts = new Map(again.map((name) => [name, ticks(name).at(-1)?.text.slice(0, 36)]));
      for (const name of again) await on(name).reboot();
      await eventually(async () => {
        for (const name of again) expect(ticks(name).at(-1)?.text.slice(0, 36)).not.toBe(starts.get(name));
      }, PATIENCE);
      await more(NAMES);
      const { stderr } = await followed.stop();
      expect(stderr).not.toContain('may be missing');
      for (const name of NAMES) {
        const told = ticks(name).map(({ text }) => text);
        const record = (await recordOf(name, 'ticks')).filter(isTick);
        const first = record.indexOf(told[0] ?? '');
        expect(first).toBeGreaterThanOrEqual(0);
        expect(told).toEqual(record.slice(first, first + told.length));
      }
    },
  );

  step('a host that prints without end holds nobody back', SLOW, async () => {
    const [quiet = '', loud = ''] = [NAMES[0], NAMES.at(-1)];
    // Nobody waits for longer than the hold-back for a host that says nothing.
    expect((await project.fleet('stop', 'ticks', '--host', loud)).code).toBe(0);
    const followed = follow('ticks', 'flood');
    // Its clock is this machine's. Each line has waited for the next look, 0.7 s, and for the hold-back at most; a busy
    // machine needs some time besides.
    const inTime = async () => {
      const from = Date.now();
      const waited = () =>
        followed.lines().flatMap((line) => {
          const at = Date.parse(line.at);
          return line.host === quiet && isTick(line.text) && at >= from ? [line.heard - at] : [];
        });
      await eventually(async () => expect(waited().length).toBeGreaterThan(100), PATIENCE);
      const times = waited().toSorted((a, b) => a - b);
      expect(times[Math.floor(times.length / 2)]).toBeLessThan(HOLD_BACK + 6000);
      expect(times.at(-1)).toBeLessThan(HOLD_BACK + 15_000);
    };
    await inTime();
    await on(loud).out(`touch ${ROOT}/flood`);
    const flood = () => followed.lines().filter(({ host, text }) => host === loud && text.startsWith('flood '));
    await eventually(async () => expect(flood().length).toBeGreaterThan(5000), PATIENCE);
    const last = (await recordOf(quiet, 'ticks')).filter(isTick).at(-1) ?? '';
    await eventually(async () => expect(followed.lines().map(({ text }) => text)).toContain(last), PATIENCE);
    await inTime();
    // It was told in the middle of the flood.
    const seen = flood().length;
    await eventually(async () => expect(flood().length).toBeGreaterThan(seen), PATIENCE);
    await followed.stop();
    const numbers = flood().map(({ text }) => Number(text.slice(6)));
    expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] ?? 0) + i));
    await on(loud).out(`rm ${ROOT}/flood`);
  });
});
