import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SourceFile } from '../../src/model/declared.ts';
import { EMPTY_DECLARED } from '../../src/model/declared.ts';
import { isCalendar } from '../../src/unit/directives/kinds/calendar.ts';
import type { Finding } from '../../src/unit/lint/finding.ts';
import { lint } from '../../src/unit/lint/lint.ts';
import { SEED, SHARE, sample } from './faults/sweep.ts';
import { type Difference, NOT_SEEN, STRICTER } from './readers/not-seen.ts';
import { ROTATIONS } from './readers/rotations.ts';
import { CALENDARS, filesOfKeys, filesOfValues, SENTINEL, VALUES, WHOLE, type Written } from './readers/slips.ts';
import { startHost, type TestHost } from './rig/index.ts';

const LAYOUT = { root: '/opt/app', current: '/opt/app/current', app: 'app', user: null, data: [] };
const found = (units: readonly { readonly name: string; readonly text: string }[]): readonly Finding[] =>
  lint({ ...EMPTY_DECLARED, units: units.map(({ name, text }) => ({ file: name, path: name, text })) }, LAYOUT);

/** Rules that say what systemd itself would say. */
const READS = new Set([
  'start-limit-section',
  'inline-comment',
  'variable',
  'invisible-character',
  'section',
  'key',
  'value',
  'syntax',
]);

type Said = ReadonlyMap<string, string>;

/** Notices about what systemd takes all the same. */
const NOTICE =
  /^(Standard output type syslog|.* is a deprecated|User\/group name .*strict|Unit uses |Special user |.*obsolete, .*please update.*$|Unit configured to use KillMode=none|.*below legacy directory.*|Duplicate .*)/;

/** Puts many files below a folder of the host in one go. */
async function put(host: TestHost, folder: string, files: readonly { readonly name: string; readonly text: string }[]) {
  const marked = files.map(({ name, text }) => `\x01 ${name}\n${text}`).join('');
  const script = `rm -rf ${folder}; mkdir -p ${folder}; cd ${folder} && awk '/^\\001 / { close(f); f = $2; printf "" >f; next } { print >f }'`;
  await host.out(script, { stdin: marked });
}

/** What systemd says of files, by `file:line`, and the names of units that it refuses. */
async function verified(host: TestHost, files: readonly { readonly name: string; readonly text: string }[]) {
  await put(host, '/tmp/read', files);
  const { stdout, stderr } = await host.sh(
    `cd /tmp/read && ls | SYSTEMD_COLORS=0 SYSTEMD_UNIT_PATH=/tmp/read:/lib/systemd/system xargs -n 200 systemd-analyze verify --man=no`,
  );
  const lines = new Map<string, string>();
  const units = new Map<string, string>();
  for (const line of `${stdout}${stderr}`.replace(/\x1b\[[0-9;]*m/g, '').split('\n')) {
    const [, file, at, words = ''] = /^(?:.*\/)?([^/\s:]+):(\d+): (.*)$/.exec(line) ?? [];
    if (file !== undefined && !NOTICE.test(words)) lines.set(`${file}:${at}`, words);
    const [, unit, what = ''] = /^([\w@-]+\.\w+): (.*(?:Refusing|Ignoring|dropped).*)$/.exec(line) ?? [];
    if (unit !== undefined) units.set(unit, what);
  }
  return { lines: lines as Said, units: units as Said };
}

const unexplained = (lines: readonly string[], known: readonly Difference[]) =>
  lines.filter((line) => !known.some((difference) => difference.lines.test(line)));

const KINDS = ['systemd-bullseye', 'systemd', 'systemd-trixie'] as const;
/** Over all hosts, so that with `FLEET_SWEEP=full` no entry of the lists outlives its reason. */
const differing = { missed: [] as string[], stricter: [] as string[] };

describe.each(KINDS)('the linter beside the readers of a %s host', (kind) => {
  let host: TestHost;
  beforeAll(async () => {
    host = await startHost('reader', kind);
  });
  afterAll(() => host?.[Symbol.asyncDispose]());

  it('has no error for a unit that Debian ships', async () => {
    const { stdout } = await host.sh(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: shell text
      'cd /lib/systemd/system && find . -type f -name "*.*" ! -path "*.wants/*" -exec sh -c \'for f; do printf "\\001 %s\\n" "${f#./}"; cat "$f"; echo; done\' - {} +',
    );
    const files = stdout
      .split('\x01 ')
      .slice(1)
      .map((part) => {
        const end = part.indexOf('\n');
        return { name: part.slice(0, end), text: part.slice(end + 1) };
      });
    const shipped = files.filter(({ name }) => /\.(service|target|timer|socket|path|slice|mount|conf)$/.test(name));
    expect(shipped.length).toBeGreaterThan(120);
    expect(found(shipped).filter(({ level }) => level === 'error')).toEqual([]);
  });

  it(`sees each line that its systemd drops or refuses, and no other (seed ${SEED})`, async () => {
    const values = sample(VALUES, 20);
    const files = filesOfKeys(values);
    const first = await verified(host, files);
    const whole = (file: Written) => first.lines.has(`${file.name}:${file.values.length + 2}`);
    const read = files.filter(whole);
    const single = files.filter((file) => !whole(file)).flatMap(filesOfValues);
    const second = await verified(host, single);
    let agreed = 0;
    const missed: string[] = [];
    const stricter: string[] = [];
    for (const [written, said] of [
      [read, first.lines],
      [single, second.lines],
    ] as const) {
      const ours = new Set(
        written.flatMap((file) =>
          found([file]).flatMap(({ rule, level, line, file: name }) =>
            READS.has(rule) && level !== 'hint' ? [`${name}:${line}`] : [],
          ),
        ),
      );
      for (const { name, section, key, values } of written) {
        // A key that this systemd is too old for says nothing about its values.
        if (/^Unknown (key|lvalue)/.test(said.get(`${name}:2`) ?? '')) continue;
        const stops = values.length === 1 && !said.has(`${name}:3`);
        for (const [i, value] of values.entries()) {
          const at = `${name}:${i + 2}`;
          const theirs = said.has(at) || stops;
          if (theirs === ours.has(at)) agreed += 1;
          else (theirs ? missed : stricter).push(`[${section}] ${key}=${value}`);
        }
      }
    }
    differing.missed.push(...missed);
    differing.stricter.push(...stricter);
    expect(unexplained(missed, NOT_SEEN)).toEqual([]);
    expect(unexplained(stricter, STRICTER)).toEqual([]);
    expect(agreed).toBeGreaterThan(300 * values.length);
    expect([...first.lines.values()].filter((words) => words.includes(SENTINEL)).length).toBeGreaterThan(350);
  });

  it('reads calendar expressions as its systemd does', async () => {
    const all = sample(CALENDARS, 1000);
    const text = `[Timer]\n${all.map((value) => `OnCalendar=${value}\n`).join('')}`;
    const { lines } = await verified(host, [{ name: 'calendar.timer', text }]);
    const taken = all.filter((_, i) => !lines.has(`calendar.timer:${i + 2}`));
    expect(all.filter(isCalendar)).toEqual(taken);
    expect(taken.length).toBeGreaterThan(100);
    expect(all.length - taken.length).toBeGreaterThan(100);
  });

  it('sees the units that its systemd refuses or cuts down as a whole', async () => {
    const files = Object.entries(WHOLE).map(([name, text]) => ({ name, text }));
    const { units, lines } = await verified(host, files);
    const theirs = new Set([...units.keys(), ...[...lines.keys()].map((at) => at.replace(/:\d+$/, ''))]);
    const ours = new Set(
      found(files)
        .filter(({ level, rule }) => level !== 'hint' && READS.has(rule))
        .map(({ file }) => file),
    );
    expect([...ours].sort()).toEqual([...theirs].sort());
    expect(theirs.size).toBeGreaterThan(15);
  });

  it('reads logrotate files as its logrotate does', async () => {
    const files = Object.entries(ROTATIONS).map(([name, text]) => ({ name: `${name}.lr`, text }));
    await put(host, '/tmp/rotate', files);
    const { stdout } = await host.sh('cd /tmp/rotate && for f in *; do logrotate -d -s /dev/null "$f"; done 2>&1');
    const theirs = new Map<string, number>();
    for (const line of stdout.split('\n')) {
      const [, file, at] = /^(?:error|warning): ([\w-]+\.lr):(?: ?(\d+))?/.exec(line) ?? [];
      if (file !== undefined && !theirs.has(file)) theirs.set(file, Number(at ?? 0));
    }
    const one = ({ name, text }: { name: string; text: string }): SourceFile => ({ file: name, path: name, text });
    const ours = files.filter((file) =>
      lint({ ...EMPTY_DECLARED, logrotate: [one(file)] }, LAYOUT).some(
        ({ level, rule }) => level === 'error' && /^(logrotate|invisible-character)$/.test(rule),
      ),
    );
    expect(ours.map(({ name }) => name).sort()).toEqual([...theirs.keys()].sort());
    expect(theirs.size).toBeGreaterThan(40);
    expect(files.length - theirs.size).toBeGreaterThan(25);
  });
});

if (SHARE === 1) {
  const lists = [
    ...NOT_SEEN.map((one) => ['missed', one] as const),
    ...STRICTER.map((one) => ['stricter', one] as const),
  ];
  it.each(lists)('%s: differs on one host at least: $1.lines', (which, { lines }) =>
    expect(differing[which].some((line) => lines.test(line))).toBe(true),
  );
}
