import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { CheckResult } from '../../../src/model/outcome.ts';
import { changedSince } from '../../left-files.ts';
import { type Ended, fleetProject, type Project, parseRun } from '../fleet.ts';
import { run as runHere } from '../rig/docker.ts';
import { type Hosts, startHosts, type TestHost } from '../rig/index.ts';
import { story } from '../story.ts';
import { envFile, NAME, parts, playbook, ROOT, TASKS, TOLD, told, UNIT, unitFile } from './leaky-app.ts';
import { foundIn, poisonLine, poisonPassword, poisonText } from './needles.ts';
import { watchHere, watchHost } from './sampler.ts';

const HOSTS = ['web', 'edge'] as const;
const password = poisonPassword();
const pem = poisonText();
/** The token is another one from the second generation on; then nobody but the host knows the first. */
const tokens = [poisonLine(), poisonLine()] as const;
const needles = [password, pem, ...tokens].flatMap((poison) => poison.needles);
/** In no command line, not even as the name of a file. */
const cores = needles.filter((needle) => needle.startsWith('c4n4ry'));

let hosts: Hosts<{ web: 'systemd'; edge: 'plain' }>;
let project: Project;
let begun = 0;
const said: { command: string; run: Ended }[] = [];
const watching: { where: string; stop: () => Promise<{ rounds: number; caught: readonly string[] }> }[] = [];

/** Runs the real command; what it printed is kept for the end. */
async function fleet(...args: readonly string[]): Promise<Ended> {
  const run = await project.start(args, { FLEET_BECOME_PASSWORD: password.value }).ended;
  said.push({ command: args.join(' '), run });
  return run;
}
const outcomes = (run: Ended) => parseRun(run).summary?.hosts.map(({ outcome }) => outcome);
const setToken = (n: 0 | 1) => project.write('secrets/app.env', envFile({ TOKEN: tokens[n].value, PEM: pem.value }));
const each = (look: (host: TestHost) => Promise<void>) => Promise.all(HOSTS.map((name) => look(hosts[name])));
const serves = (n: 0 | 1) =>
  each(async (host) => {
    const ask = 'python3 -c \'import urllib.request as r; print(r.urlopen("http://127.0.0.1:8000/").read().decode())\'';
    const expected = createHash('sha256')
      .update(told({ TOKEN: tokens[n].value, PEM: pem.value }))
      .digest('hex');
    expect(await host.out(ask)).toBe(expected);
  });

beforeAll(async () => {
  hosts = await startHosts({ web: 'systemd', edge: 'plain' });
  await each(async (host) => {
    await host.out('chpasswd', { stdin: `pwsudo:${password.value}\n` });
    await host.out('touch /tmp/mark');
    watching.push({ where: host.name, stop: await watchHost(host, cores) });
  });
  watching.push({ where: 'here', stop: watchHere(cores) });
  begun = Date.now();
  const login = (host: TestHost) => ({ host, fields: { user: 'pwsudo' } });
  project = await fleetProject({ ...parts(HOSTS), hosts: { web: login(hosts.web), edge: login(hosts.edge) } });
  setToken(0);
});
afterAll(async () => {
  // The last test ends them; when it was not reached they would look on for ever.
  await Promise.all(watching.map(({ stop }) => stop()));
  await project?.[Symbol.asyncDispose]();
  await hosts?.[Symbol.asyncDispose]();
});

/** What is broken about a version, and how to break it; each in another of the three ways of printing. */
const FAULTS: readonly (readonly [string, readonly string[], () => void])[] = [
  ['whose unit names no program', ['--json'], () => project.write(`units/${UNIT}`, unitFile('/usr/bin/no-such'))],
  ['that answers 500 with all it knows', ['--verbose'], () => project.write('app/VERSION', 'echo\n')],
  ['that answers 500 with all it knows as JSON', ['--json'], () => project.write('app/VERSION', 'echo-json\n')],
  ['that prints its environment and dies', ['--json', '--verbose'], () => project.write('app/VERSION', 'crash\n')],
  ['that prints its environment and dies, for a person', [], () => project.write('app/VERSION', 'crash\n')],
  [
    'whose build prints the settings and fails',
    ['--verbose'],
    () => {
      const build = { command: ['sh', '-c', `env; cat ${ROOT}/.env; cat ${ROOT}/.env >&2; exit 3`] };
      project.playbook(playbook(HOSTS, { tasks: [...TASKS, { run: build }] }));
    },
  ],
];

describe('a secret', () => {
  const step = story();
  step('is where it belongs: in .env and in the environment of the service', { timeout: 180_000 }, async () => {
    for (const args of [['check'], ['check', '--json'], ['plan', '--all'], ['plan', '--all', '--json']])
      expect((await fleet(...args)).code).toBe(0);
    expect((await fleet('deploy', '--all', '--verbose')).code).toBe(0);
    await serves(0);
    await each(async (host) => {
      const [core = ''] = tokens[0].needles;
      expect(await host.out(`stat -c '%a %U' ${ROOT}/.env; cat ${ROOT}/.env`)).toMatch(
        new RegExp(`^600 ${NAME}\n(.*\n)*.*${core}`),
      );
    });
    // Checks that pass are shown too, and these quote the token in three codings.
    const { events } = parseRun(await fleet('health', '--all', '--json'));
    const passed = events.flatMap((event) => (event.type === 'check' ? [event.result as CheckResult] : []));
    const quoting = passed.filter(({ check }) => check.startsWith('command'));
    expect(quoting).toHaveLength(HOSTS.length * TOLD.length);
    for (const { ok, detail } of quoting)
      expect({ ok, detail }).toEqual({ ok: true, detail: expect.stringMatching(/^(dXNlcj)?\[secret TOKEN\](0a)?$/) });
    const again = await fleet('deploy', '--all', '--json', '--verbose');
    expect(outcomes(again)).toEqual(['unchanged', 'unchanged']);
    for (const args of [['health'], ['health', '--json'], ['status', '--verbose'], ['history', '--json'], ['lock']])
      expect((await fleet(...args, '--all')).code).toBe(0);
    expect((await fleet('lock', '--all', '--hold', 'a look inside')).code).toBe(0);
    // Held: refused, whatever there would be to do.
    expect((await fleet('deploy', '--all')).code).toBe(3);
    expect((await fleet('lock', '--all', '--release', '--json')).code).toBe(0);
    setToken(1);
    project.write('app/VERSION', 'one\n');
    expect((await fleet('deploy', '--all')).code).toBe(0);
    await serves(1);
  });

  for (const [name, how, spoil] of FAULTS)
    step(`is not told by a version ${name}`, async () => {
      spoil();
      const run = await fleet('deploy', '--all', ...how);
      project.write(`units/${UNIT}`, unitFile('/usr/bin/python3'));
      project.write('app/VERSION', 'one\n');
      project.playbook(playbook(HOSTS));
      expect(run.code).toBe(1);
      if (how.includes('--json')) expect(outcomes(run)).toEqual(['reverted', 'reverted']);
      expect(foundIn(run.stdout + run.stderr, needles)).toEqual([]);
      // What the service said is shown, with its secrets cleared.
      if (how.length !== 1 || how[0] !== '--json') expect(run.stdout + run.stderr).toContain('[secret TOKEN]');
      await serves(1);
    });

  step('of an older generation, which only the host knows, is not told by a rollback to it that fails', async () => {
    await each(async (host) => void (await host.out(`touch ${ROOT}/data/crash`)));
    const run = await fleet('rollback', '--all', '--to', '1', '--json', '--verbose');
    expect(outcomes(run)).toEqual(['reverted', 'reverted']);
    expect(run.stdout).toContain('[secret TOKEN]');
    expect(foundIn(run.stdout + run.stderr, needles)).toEqual([]);
    await serves(1);
    await each(async (host) => void (await host.out(`rm ${ROOT}/data/crash`)));
    expect((await fleet('rollback', '--all', '--json')).code).toBe(0);
    await serves(0);
  });

  step('of a sudo password that is wrong is not told either', async () => {
    const wrong = poisonPassword();
    const run = await project.start(['status', '--all', '--verbose'], { FLEET_BECOME_PASSWORD: wrong.value }).ended;
    expect(run.code).toBe(3);
    expect(foundIn(run.stdout + run.stderr, wrong.needles)).toEqual([]);
  });

  step('stands in no file of a host but .env and the root-only records of generations', async () => {
    await each(async (host) => {
      const generations = await host.out('ls -d /var/lib/fleet/poison/generations/[1-9]*');
      const allowed = [`${ROOT}/.env`, ...generations.split('\n').map((folder) => `${folder}/env`)];
      const found = await holding(host);
      expect(found.filter((file) => !allowed.includes(file))).toEqual([]);
      expect(found).toContain(`${ROOT}/.env`);
      const modes = await host.out(
        `stat -c %a ${found.join(' ')} | sort -u; stat -c '%a %U' /var/lib/fleet /var/lib/fleet/poison`,
      );
      expect(modes.split('\n')).toEqual(['600', '700 root', '700 root']);
    });
  });

  step('is nowhere on a host any more after everything was taken away', async () => {
    const run = await fleet('rollback', '--all', '--full', '--yes', '--verbose');
    expect(run.code).toBe(0);
    await each(async (host) => expect(await holding(host)).toEqual([]));
    // The search does find one.
    await hosts.web.out('cat >/var/tmp/planted', { stdin: `x${pem.needles[0]}x` });
    expect(await holding(hosts.web)).toEqual(['/var/tmp/planted']);
    await hosts.web.out('rm /var/tmp/planted');
  });

  step('was never printed, in no form, by any command', () => {
    expect(said.length).toBeGreaterThan(20);
    const told = said.map(({ command, run }) => ({ command, found: foundIn(run.stdout + run.stderr, needles) }));
    expect(told.filter(({ found }) => found.length > 0)).toEqual([]);
    // The search does find the forms that it looks for.
    const [core = ''] = tokens[0].needles;
    const forms = [core, Buffer.from(`A=${core}\n`), Buffer.from(`AB=${core}\n`), Buffer.from(`ABC=${core}\n`)];
    for (const form of forms)
      expect(foundIn(typeof form === 'string' ? form : form.toString('base64'), needles).length).toBeGreaterThan(0);
  });

  step("stands in the host's journal only where the service itself wrote it", async () => {
    const journal = await hosts.web.out('journalctl -q --no-pager -o json --all', { timeoutMs: 30_000 });
    const lines = journal.split('\n');
    const other = lines.filter((line) => JSON.parse(line)._SYSTEMD_UNIT !== UNIT);
    expect(other.length).toBeGreaterThan(100);
    expect(other.filter((line) => foundIn(line, needles).length > 0)).toEqual([]);
    expect(lines.filter((line) => foundIn(line, cores).length > 0).length).toBeGreaterThan(0);
  });

  step('was left in no file of this machine but those of the project', () => {
    const changed = [...changedSince(tmpdir(), begun - 5000)];
    const left = changed.filter(({ read }) => foundIn(read(), cores).length > 0);
    expect(left.map(({ path }) => path)).toEqual([join(project.folder, 'secrets/app.env')]);
  });

  step('was in no command line, here or on a host, at any moment', async () => {
    // A command that does it wrong is caught by both.
    const [core = ''] = password.needles;
    await Promise.all([
      runHere('sh', ['-c', `: ${core}; sleep 0.5`]),
      each((host) => host.out(`: ${core}; sleep 0.5`).then(() => {})),
    ]);
    for (const { where, stop } of watching) {
      const { rounds, caught } = await stop();
      expect(rounds, where).toBeGreaterThan(200);
      expect(caught.length, where).toBeGreaterThan(0);
      expect(caught.filter((line) => !line.includes(`: ${core}; sleep 0.5`))).toEqual([]);
    }
  });
});

/** Files of a host that were written since the test began and hold a secret; what the service itself logs is its own. */
async function holding(host: TestHost): Promise<string[]> {
  const pattern = cores.join('\n');
  const own = '! -path "/var/lib/fleet/poison/run/*/log" ! -path "/var/log/journal/*" ! -path "/run/log/journal/*"';
  const script = `find / /run /dev/shm -xdev -type f -newer /tmp/mark ${own} -size -20M -exec grep -lF -f /dev/fd/3 {} + 3</tmp/needles 2>/dev/null`;
  // Patterns come from a file of ours, which is not counted.
  await host.out('umask 077; cat >/tmp/needles', { stdin: `${pattern}\n` });
  const found = await host.out(`${script.replace('/dev/fd/3', '/tmp/needles')}; rm /tmp/needles`);
  return [...new Set(found.split('\n'))].filter((file) => file !== '' && file !== '/tmp/needles').sort();
}
