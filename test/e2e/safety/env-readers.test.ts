import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeEnv } from '../../../src/env/write.ts';
import { fleetProject, only } from '../fleet.ts';
import { type Hosts, startHosts } from '../rig/index.ts';
import { running, steadyApp } from './steady-app.ts';

let hosts: Hosts<{ web: 'systemd'; tiny: 'busybox' }>;
beforeAll(async () => {
  hosts = await startHosts({ web: 'systemd', tiny: 'busybox' });
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

// What has a meaning to some reader comes up often, alone and side by side.
const spicy = fc.constantFrom(...`'"\\$\`#;&|<>()[]{}~*?!=:%@^ \t\n\r\u0001\u001b\u007f\u0085\u00a0\ufeffé日🚀-+aA0n`);
/** Besides what no environment can carry: code points for no character, for which systemd refuses a whole file. */
const NOT_TEXT = /[\0\p{Surrogate}\p{Noncharacter_Code_Point}]/u;
const value = fc.oneof(
  fc.string({ unit: spicy, maxLength: 16 }),
  fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !NOT_TEXT.test(text)),
);

/** Each prints what a program gets that is started with the variables of the file /tmp/env. */
const SHELL = (shell: string) => `env -i ${shell} -c 'set -a; . /tmp/env; exec /usr/bin/env -0'`;
const SERVICE = 'systemd-run -q --collect --wait --pipe -p EnvironmentFile=/tmp/env';
const PYTHON = `python3 -c 'import os, sys; sys.stdout.buffer.write(b"".join(k + b"=" + v + b"\\0" for k, v in os.environb.items()))'`;
const READERS = [
  ['web', 'systemd', `${SERVICE} /usr/bin/env -0`],
  ['web', 'python as a service of systemd', `${SERVICE} ${PYTHON}`],
  ['web', 'dash', SHELL('dash')],
  ['web', 'bash', SHELL('bash')],
  ['web', 'bash as sh', SHELL('bash --posix')],
  ['tiny', "busybox's sh", SHELL('/bin/sh')],
] as const;

const SEED = Date.now() % 1_000_000;

describe.each(READERS)('on %s, %s', (name, _reader, command) => {
  it('reads what was meant, whatever it is', async () => {
    for (const seed of [SEED, SEED + 1, SEED + 2]) {
      const entries = fc.sample(value, { numRuns: 800, seed }).map((text, i) => ({ key: `K${i}`, value: text }));
      await hosts[name].writeFile('/tmp/env', writeEnv(entries), 0o600);
      const { stdout, stderr, code } = await hosts[name].sh(command);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const pairs = stdout
        .split('\0')
        .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const);
      const read = new Map(pairs);
      expect(
        entries.filter((entry) => read.get(entry.key) !== entry.value),
        `seed ${seed}`,
      ).toEqual([]);
    }
  });
});

it('a code point for no character makes systemd refuse the file, so it is none of the values', async () => {
  await hosts.web.writeFile('/tmp/env', writeEnv([{ key: 'A', value: 'a\ufffeb' }]), 0o600);
  expect((await hosts.web.sh(READERS[0][2])).code).not.toBe(0);
  expect((await hosts.web.sh(READERS[2][2])).code).toBe(0);
});

it('(readers do differ on what a person might write)', async () => {
  await hosts.web.writeFile('/tmp/env', 'A="$HOME"\nB=a\\b\nC=x # y\n', 0o600);
  const [systemd, dash] = await Promise.all([hosts.web.out(READERS[0][2]), hosts.web.out(READERS[2][2])]);
  const of = (text: string) => text.split('\0').filter((pair) => /^[ABC]=/.test(pair));
  expect(of(systemd)).not.toEqual(of(dash));
});

describe('a host whose systemd reads an env otherwise than it was meant', () => {
  it('is refused before anything is switched, and only the name of the variable is told', async () => {
    const app = steadyApp('proof');
    await using project = await fleetProject({ ...app.parts, hosts: { it: hosts.web } });
    expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ failure: null, outcome: 'deployed' });
    const before = await running(hosts.web, app);
    // Stands for an old version, which loses backslashes even between single quotes.
    const old =
      '#!/bin/sh\ncase "$*" in *--pipe*) /usr/bin/systemd-run "$@" | tr -d "\\\\\\\\" ;; *) exec /usr/bin/systemd-run "$@" ;; esac\n';
    await hosts.web.writeFile('/usr/local/sbin/systemd-run', old, 0o755);
    project.write('secrets/app.env', "MARKER=plain\nPATTERN='hidden-4711\\d+'\nTEXT='it is fine'\n");
    const run = await project.fleet('deploy', '--all', '--verbose');
    expect({ code: run.code, ...only(run) }).toMatchObject({
      code: 1,
      outcome: 'reverted',
      failure: { kind: 'step-failed' },
    });
    expect(JSON.stringify(only(run).failure)).toContain('reads other values than were meant for: PATTERN');
    expect(run.stdout + run.stderr).not.toContain('hidden-4711');
    expect(await running(hosts.web, app)).toBe(before);
    // What it reads as it was meant goes through.
    project.write('secrets/app.env', "MARKER=plain\nTEXT='it is fine'\n");
    expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ failure: null, outcome: 'deployed' });
    await hosts.web.out('rm /usr/local/sbin/systemd-run');
    project.write('secrets/app.env', "MARKER=plain\nPATTERN='hidden-4711\\d+'\n");
    expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ failure: null, outcome: 'deployed' });
  });
});
