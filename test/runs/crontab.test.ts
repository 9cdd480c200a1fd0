import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, expect, it } from 'vitest';
import { runCommandLine } from '../../src/cli/program.ts';
import { openBench, STORY } from './bench.ts';

const folder = mkdtempSync(join(tmpdir(), 'crontab-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A program in the place of `crontab`, which says what those of Debian and busybox say. */
function crontabs(name: string, none = 'no crontab for alice', onList = '') {
  const bin = mkdtempSync(join(folder, 'bin-'));
  const tab = join(folder, name);
  writeFileSync(
    join(bin, 'crontab'),
    `#!/bin/sh
case $1 in
-l) ${onList}
  [ -e '${tab}' ] || { echo "${none}" >&2; exit 1; }
  cat '${tab}' ;;
-) cat >'${tab}' ;;
esac
`,
    { mode: 0o755 },
  );
  return { bin, tab, text: () => (existsSync(tab) ? readFileSync(tab, 'utf8') : null) };
}

async function fleetWith(bench: Awaited<ReturnType<typeof openBench>>, bin: string, ...words: readonly string[]) {
  const said = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr') =>
    new Writable({
      decodeStrings: false,
      write(text, _encoding, done) {
        said[name] += text;
        done();
      },
    }) as unknown as NodeJS.WriteStream;
  const world = bench.world();
  const invoker = { ...world.invoker, env: { ...world.invoker.env, PATH: `${bin}:relative:${process.env.PATH}` } };
  const code = await runCommandLine(words, { ...world, invoker, stdout: sink('stdout'), stderr: sink('stderr') });
  return { code, ...said };
}

it('the line is shown, written when one agrees, changed in its place, and taken out alone', STORY, async () => {
  await using bench = await openBench('it');
  const { bin, tab, text } = crontabs('usual');
  const run = (...words: readonly string[]) => fleetWith(bench, bin, 'health', ...words);
  const asked = await run('--install-cron');
  expect(asked).toMatchObject({
    code: 2,
    stderr: 'nothing was changed; say --yes where there is no terminal to ask on\n',
  });
  expect(asked.stdout).toMatch(
    /^\+ \*\/5 \* \* \* \* PATH=\S+ FLEET_SSH_CONFIG=none \/\S+ \/\S+fleet\.js health --cron --every 5m -C \/\S+ # fleet health of project-\w{12}\n$/,
  );
  expect(asked.stdout).toContain(` PATH=${bin}:/`);
  expect(asked.stdout).not.toContain('relative');
  expect(text()).toBeNull();

  // There was none: that is no error.
  expect((await run('--install-cron', '--yes')).code).toBe(0);
  const line = text() ?? '';
  expect(`+ ${line}`).toBe(asked.stdout);
  expect(await run('--install-cron', '--yes')).toMatchObject({ code: 0, stdout: `it is there already:\n${line}` });

  const others = ['# mine \t\n\n@daily  x %d\n', '0 3 * * * äöü'] as const;
  writeFileSync(tab, `${others[0]}${line}${others[1]}`);
  const changed = await run('--install-cron', '--every', '1h', '--yes');
  expect(changed.stdout).toMatch(/^- \*\/5 .*\n\+ 0 \* \* \* \* .* --every 1h .*\nwritten/);
  expect(text()?.startsWith(`${others[0]}0 * * * * PATH=`)).toBe(true);
  expect((await run('--uninstall-cron', '--yes')).stdout).toMatch(/^- 0 \* .*\ntaken out\n$/);
  expect(text()).toBe(others.join(''));
  expect((await run('--uninstall-cron', '--yes')).stdout).toBe('the crontab has no line of this project\n');
  expect((await run('--install-cron', '--every', '7m', '--yes')).stderr).toContain(
    'cron cannot run every 7m: say 1m, 2m, 5m',
  );
});

it.each([
  [
    'cannot be read',
    'echo "crontab: permission denied" >&2; exit 1',
    'crontab -l ended with 1: crontab: permission denied',
  ],
  [
    'is listed with an error behind it',
    `cat '${folder}/sick'; echo "disk error" >&2; exit 1`,
    'crontab -l ended with 1: disk error',
  ],
  ['holds bytes that are no text', String.raw`printf 'a\377b\n'; exit 0`, 'the crontab holds bytes that are no UTF-8'],
])('a crontab that %s stays as it is', STORY, async (_what, onList, why) => {
  await using bench = await openBench('it');
  const { bin, tab, text } = crontabs('sick', 'no crontab for alice', onList);
  writeFileSync(tab, 'theirs\n');
  const run = await fleetWith(bench, bin, 'health', '--install-cron', '--yes');
  expect(run).toMatchObject({ code: 2, stdout: '' });
  expect(run.stderr).toContain(`the crontab was left as it is: ${why}\nby hand it would be this line`);
  expect(text()).toBe('theirs\n');
});

it('names the variables that no run will have, and which channel wants them', STORY, async () => {
  await using bench = await openBench('it');
  const { bin } = crontabs('unset');
  const smtp = { host: 'mail.example.org', user: 'fleet', password: { env: 'SMTP_PASSWORD' } };
  const notify = {
    ops: { slack: { url: { env: 'SLACK_URL' } } },
    post: { mail: { from: 'fleet@example.org', to: ['ops@example.org'], smtp } },
    hook: { webhook: { url: 'https://example.org/fleet', secret: 'secrets/hook.key' } },
  };
  bench.write('inventory/notify.yaml', JSON.stringify({ notify }));
  for (const how of [[], ['--timer']]) {
    const { stderr } = await fleetWith(bench, bin, 'health', '--install-cron', ...how);
    expect(stderr.split('\n').slice(0, -1)).toEqual([
      expect.stringMatching(
        /^warning: a run will not have SLACK_URL, which a secret of ops is read from \(inventory\/notify\.yaml:1:\d+\): /,
      ),
      expect.stringMatching(/^warning: a run will not have SMTP_PASSWORD, which a secret of post is read from /),
      'nothing was changed; say --yes where there is no terminal to ask on',
    ]);
  }
  expect((await fleetWith(bench, bin, 'health', '--uninstall-cron')).stderr).toBe('');
});

it('a timer in its place is shown, and nothing is written before somebody agrees', STORY, async () => {
  await using bench = await openBench('it');
  const { bin } = crontabs('timer');
  const asked = await fleetWith(bench, bin, 'health', '--install-cron', '--timer', '--every', '10m');
  expect(asked).toMatchObject({
    code: 2,
    stderr: 'nothing was changed; say --yes where there is no terminal to ask on\n',
  });
  expect(asked.stdout).toMatch(/^\/\S+\/systemd\/(user|system)\/fleet-health-project-\w{12}\.service\n\+ \[Unit\]/);
  expect(asked.stdout).toMatch(/^\+ ExecStart=\/.* health --cron --exit-zero --every 10m -C \//m);
  expect(asked.stdout).toContain('+ OnUnitActiveSec=10m\n');
  const [file] = asked.stdout.split('\n');
  expect(existsSync(file ?? '')).toBe(false);
  expect((await fleetWith(bench, bin, 'health', '--uninstall-cron', '--timer', '--yes')).stdout).toBe(
    'there is no timer of this project\n',
  );
  expect((await fleetWith(bench, bin, 'health', '--timer')).stderr).toContain('--timer belongs to --install-cron');
});
