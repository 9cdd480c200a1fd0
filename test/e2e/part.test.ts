import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { fleetProject, only, type Project, type Run, said } from './fleet.ts';
import { drawn, type Hosts, startHosts, type TestHost } from './rig/index.ts';
import { eventually, KINDS, type Name } from './samples.ts';
import { story } from './story.ts';

const ROOT = '/opt/lab';
const STATE = '/var/lib/fleet/lab';
const CANARY = 'canary-part-77aa';

const TEMPLATE = `[Unit]
PartOf=lab.target
AssertPathExists=/etc/lab/%i.json
[Service]
User=plainuser
WorkingDirectory=${ROOT}/current
ExecStart=/bin/sh lab.sh %i
Restart=on-failure
RestartSec=1
TimeoutStopSec=5
MemoryMax=64M
[Install]
WantedBy=lab.target
`;
/** The only one that reads the secrets. */
const API = `[Service]
User=plainuser
WorkingDirectory=${ROOT}/current
EnvironmentFile=${ROOT}/.env
ExecStart=/bin/sh api.sh
Restart=on-failure
RestartSec=1
TimeoutStopSec=5
[Install]
WantedBy=multi-user.target
`;
const API_SH = `case $TOKEN in broken*) echo "the api does not take $TOKEN" >&2; exit 3 ;; esac
exec sleep 100000
`;
const LAB_SH = `[ "$SPEED" != broken ] || { echo "no such speed" >&2; exit 3; }
exec sleep 100000
`;

/** As a person has typed it; names are in a list of its own, with a comment. */
const playbook = (host: string) => `name: lab
root: ${ROOT}
user: plainuser
hosts: [${host}]
keep: 2
vars:
  # Who runs.
  experiments:
    - one # the first
    - two
deploy: { settle: 1s, deadline: 30s }
tasks:
  - sync: { from: app }
  - run: { command: [sh, -c, "pwd >BUILT"] }
  - env: { from: secrets/app.env }
  - units: { from: units, enable: [lab.target, api.service] }
  - instances:
      of: lab@.service
      names: "{{ experiments }}"
      settings: lab/%i.env
      directives: { MemoryMax: RAM }
      files: [{ from: lab/%i.json, to: /etc/lab/%i.json, mode: "0644" }]
      atMost: { instances: 3 }
  - directories: [{ path: /etc/lab, owner: root }]
`;

const UNITS = ['one', 'two', 'three', 'api'] as const;
type Unit = (typeof UNITS)[number];

const stages = drawn(...Object.entries(KINDS));
let hosts: Hosts<typeof KINDS>;
beforeAll(async () => {
  hosts = await startHosts(Object.fromEntries(stages) as typeof KINDS);
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

describe.each(stages)('one part of an app by itself, on %s', (name, kind) => {
  let project: Project;
  const host = (): TestHost => hosts[name as Name];
  const systemd = kind === 'systemd';
  const file = (unit: Unit) => (unit === 'api' ? 'api.service' : `lab@${unit}.service`);
  /** The process of each, by what the host itself says; 0 for none. */
  const pids = async (): Promise<Record<Unit, number>> => {
    const each = UNITS.map((unit) =>
      systemd
        ? `systemctl show -p MainPID --value ${file(unit)}`
        : `p=$(sed -n 's/^MainPID=//p' ${STATE}/run/${file(unit)}/status 2>/dev/null); [ -n "$p" ] && [ -d "/proc/$p" ] && echo "$p" || echo 0`,
    );
    const found = (await host().out(each.join('; '))).split('\n');
    return Object.fromEntries(UNITS.map((unit, i) => [unit, Number(found[i])])) as Record<Unit, number>;
  };
  const code = (of = 'current') => host().out(`cat ${ROOT}/${of}/VERSION ${ROOT}/${of}/BUILT`);
  /** All of the app that is outside of releases, and which release is live. */
  const live = () =>
    host().out(
      `readlink ${ROOT}/current; stat -c '%a %U %G %n' ${ROOT}/.env; sha256sum ${ROOT}/.env; ` +
        `cd / && find etc/lab etc/systemd/system -name '*lab*' -o -path 'etc/lab/*' | sort | while read -r f; do [ ! -f "$f" ] || [ -L "$f" ] || sha256sum "$f"; done`,
    );
  const config = (one: string, speed = one) => {
    project.write(`lab/${one}.env`, `RAM=48M\nSPEED=${speed}\n`);
    project.write(`lab/${one}.json`, `{"id": "${one}"}\n`);
  };
  const list = () =>
    /experiments:\n((?: {4}.*\n)*)/.exec(readFileSync(join(project.folder, 'playbooks/app.yaml'), 'utf8'))?.[1];
  const outcome = (run: Run) => {
    const { outcome, generation, failure } = only(run);
    return { code: run.code, outcome, generation, ...(failure === null ? {} : { why: failure.message }) };
  };

  beforeAll(async () => {
    project = await fleetProject({
      hosts: { [name]: host() },
      playbook: playbook(name),
      units: {
        'lab@.service': TEMPLATE,
        'api.service': API,
        'lab.target': '[Install]\nWantedBy=multi-user.target\n',
      },
      files: { 'app/lab.sh': LAB_SH, 'app/api.sh': API_SH, 'app/VERSION': 'v1\n' },
      env: { TOKEN: CANARY },
    });
    for (const one of ['one', 'two', 'three']) config(one);
  });
  afterAll(() => project?.[Symbol.asyncDispose]());
  const step = story();
  let first: Record<Unit, number>;
  let before = '';

  step('one more instance starts, and nothing else: not what has changed in the project meanwhile', async () => {
    expect(outcome(await project.fleet('deploy', '--all'))).toEqual({ code: 0, outcome: 'deployed', generation: 1 });
    first = await pids();
    expect(first).toMatchObject({ three: 0 });
    project.write('app/VERSION', 'v2\n');
    project.write('units/api.service', API.replace('RestartSec=1', 'RestartSec=2'));
    project.write('lab/one.env', 'RAM=32M\n');
    const run = await project.fleet('instances', 'add', 'three', '--all');
    expect(outcome(run)).toEqual({ code: 0, outcome: 'deployed', generation: 2 });
    const now = await pids();
    expect({ ...now, three: now.three > 0 }).toEqual({ ...first, three: true });
    expect(await code()).toBe(await code('releases/1'));
    expect(list()).toBe('    - one # the first\n    - two\n    - three\n');
    expect(await host().out('cat /etc/lab/three.json')).toBe('{"id": "three"}');
    if (systemd) {
      expect(await host().out('systemctl show -p MemoryMax --value lab@three lab@one')).toBe('50331648\n\n50331648');
      expect(await host().out('systemctl is-enabled lab@one lab@two lab@three')).toBe('enabled\nenabled\nenabled');
    }
    first = now;
  });

  step('status tells state, memory and restarts of each; more than are allowed are refused on the host', async () => {
    const status = await project.human('instances', 'status', '--all');
    expect(status.stdout).toMatch(
      /lab@three\.service +active \(running\) +\d+s +2 +\d+ +0 +[\d.]+ [KM]iB( of 48\.0 MiB)?/,
    );
    expect(status.stdout).not.toContain('api.service');
    if (systemd) expect(status.stdout).toContain('of 48.0 MiB');
    config('four');
    const run = await project.fleet('instances', 'add', 'four', '--all');
    expect(only(run)).toMatchObject({ outcome: 'untouched', failure: { kind: 'over-limit' } });
    expect(list()).not.toContain('four');
    expect(await pids()).toEqual(first);
  });

  if (systemd)
    step('one that somebody has started by hand counts, too', async () => {
      expect(outcome(await project.fleet('instances', 'remove', 'three', '--all'))).toMatchObject({ code: 0 });
      await host().out('echo {} >/etc/lab/rogue.json && systemctl start lab@rogue');
      const run = await project.fleet('instances', 'add', 'three', '--all');
      expect(only(run)).toMatchObject({ outcome: 'untouched', failure: { kind: 'step-failed' } });
      expect(only(run).failure?.message).toContain('stage');
      expect(JSON.stringify(only(run).failure)).toContain('more than 3 instances of lab@.service');
      expect(list()).not.toContain('three');
      await host().out('systemctl stop lab@rogue; rm /etc/lab/rogue.json');
      expect(outcome(await project.fleet('instances', 'add', 'three', '--all'))).toMatchObject({ code: 0 });
      const now = await pids();
      expect({ ...now, three: 0 }).toEqual({ ...first, three: 0 });
      first = now;
    });

  step('one that does not run goes back, and the others have not noticed', async () => {
    expect(outcome(await project.fleet('instances', 'remove', 'two', '--all'))).toMatchObject({ code: 0 });
    const now = await pids();
    expect(now).toEqual({ ...first, two: 0 });
    expect(await host().out('ls /etc/lab')).toBe('one.json\nthree.json');
    config('four', 'broken');
    before = await live();
    const run = await project.fleet('instances', 'add', 'four', '--all');
    // Without systemd the settings of an instance are no environment of its own unless its unit has them.
    expect(only(run)).toMatchObject({ outcome: 'reverted', failure: { kind: 'not-settled' } });
    expect(await live()).toBe(before);
    expect(await pids()).toEqual(now);
    expect(list()).toBe('    - one # the first\n    - three\n');
    first = now;
  });

  step('a rotated secret restarts what reads it, and nothing else; a rollback has every byte back', async () => {
    project.env({ TOKEN: 'rotated-part-91bb' });
    project.remove('app');
    before = await live();
    const plan = await project.human('plan', '--only', 'env', '--all');
    expect(plan.stdout).toMatch(/~ secrets \(\.env\)/);
    expect(plan.stdout).toContain('restart api.service');
    expect(plan.stdout).not.toContain('code .');
    const run = await project.fleet('deploy', '--only', 'env', '--all');
    expect(outcome(run)).toMatchObject({ code: 0, outcome: 'deployed' });
    const now = await pids();
    expect({ ...now, api: 0 }).toEqual({ ...first, api: 0 });
    expect(now.api).not.toBe(first.api);
    // In a container only the account itself may look.
    const environ = `su -s /bin/sh plainuser -c "tr '\\0' '\\n' </proc/${now.api}/environ"`;
    expect(await host().out(`${environ} | grep ^TOKEN`)).toBe('TOKEN=rotated-part-91bb');
    expect(await host().out(`stat -c '%a %U' ${ROOT}/.env`)).toBe('600 plainuser');
    // What was built names its folder, and that is there.
    expect(await host().out(`ls "$(cat ${ROOT}/current/BUILT)/VERSION"`)).toContain('/VERSION');
    expect((await project.human('status', '--verify', '--all')).stdout).toContain('compared with what was deployed');
    expect(run.stdout + run.stderr + plan.stdout).not.toContain('rotated-part');

    expect(outcome(await project.fleet('rollback', '--all'))).toMatchObject({ code: 0 });
    expect(await live()).toBe(before);
    expect({ ...(await pids()), api: 0 }).toEqual({ ...first, api: 0 });
  });

  step('one that the app cannot live with goes back by itself', async () => {
    const was = await pids();
    project.env({ TOKEN: 'broken-part-33cc' });
    const run = await project.fleet('deploy', '--only', 'env', '--all');
    expect(only(run)).toMatchObject({ outcome: 'reverted', failure: { kind: 'not-settled' } });
    expect(JSON.stringify(only(run).failure)).toContain('the api does not take');
    expect(run.stdout + run.stderr).not.toContain('broken-part');
    expect(await live()).toBe(before);
    expect({ ...(await pids()), api: 0 }).toEqual({ ...was, api: 0 });
  });

  step(
    'a controller that is killed leaves one or the other; the next run goes on from there',
    { timeout: 300_000 },
    async () => {
      project.env({ TOKEN: 'killed-part-55dd' });
      for (const moment of drawn('stage', 'activate', 'settle')) {
        const running = project.start(['deploy', '--only', 'env', '--all', '--json']);
        await said(running, `"phase":"${moment}"`);
        running.child.kill('SIGKILL');
        await running.ended;
        // Whatever was begun is brought to an end by the host itself, or by whoever comes next.
        const next = await project.fleet('deploy', '--only', 'env', '--all');
        const again = only(next).failure?.kind === 'locked' ? await untilFree() : next;
        expect(['deployed', 'unchanged']).toContain(only(again).outcome);
        expect(await host().out(`grep -c killed-part ${ROOT}/.env`)).toBe('1');
        expect(await host().out(`ls -d ${STATE}/generations/.staging-* 2>/dev/null; true`)).toBe('');
        const now = await pids();
        expect({ ...now, api: 0 }).toEqual({ ...first, api: 0 });
        expect(outcome(await project.fleet('rollback', '--all'))).toMatchObject({ code: 0 });
        expect(await live().then((text) => text.replace(/^.*\n/, ''))).toBe(before.replace(/^.*\n/, ''));
      }

      async function untilFree(): Promise<Run> {
        for (;;) {
          // Asked of the host, which costs less than a run that is refused.
          await eventually(async () => expect(await host().out(`cat ${STATE}/state`)).toMatch(/^phase IDLE$/m), 60_000);
          const run = await project.fleet('deploy', '--only', 'env', '--all');
          if (only(run).failure?.kind !== 'locked') return run;
          await sleep(500);
        }
      }
    },
  );

  step('what was built stays as long as something that has it does', async () => {
    for (const token of ['a', 'b', 'c', 'd']) {
      project.env({ TOKEN: `${CANARY}-${token}` });
      expect(outcome(await project.fleet('deploy', '--only', 'env', '--all'))).toMatchObject({ code: 0 });
    }
    expect(await host().out(`cat ${ROOT}/current/BUILT`)).toBe(`${ROOT}/releases/1`);
    expect(await host().out(`cat ${ROOT}/releases/1/VERSION`)).toBe('v1');
    // Of those between, which have the same of it, there are as few as ever: two, and what the instances run from.
    expect(Number(await host().out(`grep -l good ${STATE}/generations/*/verdict | wc -l`))).toBeLessThanOrEqual(5);
  });
});
