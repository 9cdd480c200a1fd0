import { afterAll, beforeAll, describe, expect } from 'vitest';
import { fleetProject, only, type Project } from '../fleet.ts';
import { drawn, type Hosts, startHosts } from '../rig/index.ts';
import { eventually } from '../samples.ts';
import { story } from '../story.ts';
import { APP, countCopies, parts, playbook, ROOT, STATE, serving, UNIT, version, wholeHost } from './keeper.ts';

let hosts: Hosts<{ unit: 'systemd'; nohup: 'plain' }>;
beforeAll(async () => {
  hosts = await startHosts({ unit: 'systemd', nohup: 'plain' });
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

/** The app as a person has put it there: code in the root itself, secrets readable by all, data beside the code. */
const BY_HAND = `useradd -r -d ${ROOT} -s /usr/sbin/nologin ${APP}
mkdir -p ${ROOT}/logs ${ROOT}/data ${ROOT}/run ${ROOT}/bots && cd ${ROOT}
touch bots/hand.keeper serve.keeper hand.keeper && echo one >VERSION
printf 'KEEPER_TOKEN=canary-hand-55\\nHAND=yes\\n' >.env && chmod 644 .env
echo kept >data/kept && echo line >logs/app.log
chown -R ${APP}: logs data`;

const HAND_UNIT = `[Service]
User=${APP}
WorkingDirectory=${ROOT}
EnvironmentFile=${ROOT}/.env
# By hand: it writes a pid file too, as the app itself may.
ExecStartPre=+/bin/sh -c 'rm -f ${ROOT}/run/supervisor.pid'
ExecStart=/usr/bin/tail -f /dev/null hand.keeper
ExecStartPost=+/bin/sh -c 'echo $MAINPID >${ROOT}/run/supervisor.pid'
Restart=always

[Install]
WantedBy=multi-user.target
`;

const START = `cd ${ROOT} && set -a && . ./.env && set +a
nohup tail -f /dev/null hand.keeper >logs/supervisor.out.log 2>logs/supervisor.err.log </dev/null &
echo $! >run/supervisor.pid`;

const data = (host: { out(command: string): Promise<string> }) =>
  host.out(
    `cd ${ROOT} && find data/kept logs/app.log -exec stat -c '%n %i %a %u %g %s %y' {} + && cat data/kept logs/app.log`,
  );

/** The pid file names another process then, and what that prints is added to its log; everything else is compared byte for byte. */
const stable = (lines: readonly string[]) =>
  lines.filter((line) => !/(run\/supervisor\.pid|supervisor\.out\.log) /.test(line));

async function projectFor(host: Hosts<{ it: 'plain' }>['it']): Promise<Project> {
  const project = await fleetProject({ ...parts(['it']), hosts: { it: host } });
  project.playbook(playbook(['it'], { user: APP }));
  return project;
}

const look = async (project: Project, ...args: string[]) => {
  const run = await project.fleet(...args, '--all');
  return { run, code: run.code, ...only(run) };
};
const notes = (run: { stdout: string; stderr: string }) => run.stdout + run.stderr;

describe('a unit of the same name that was made by hand', () => {
  const step = story();
  const host = () => hosts.unit;
  let project: Project;
  let before: string[];
  let kept: string;

  beforeAll(async () => {
    await host().out(BY_HAND);
    await host().writeFile(`/etc/systemd/system/${UNIT}`, HAND_UNIT, 0o640);
    await host().out(`systemctl daemon-reload && systemctl enable --now ${UNIT}`);
    before = await wholeHost(host());
    kept = await data(host());
    project = await projectFor(host());
    expect(await serving(host())).toEqual([ROOT]);
  });
  afterAll(() => project?.[Symbol.asyncDispose]());

  step('is named by plan, which changes nothing', async () => {
    const plan = await project.fleet('plan', '--all');
    expect(notes(plan)).toContain(`found /etc/systemd/system/${UNIT}, which is active`);
    expect(notes(plan)).toContain(`found ${ROOT}/.env`);
    expect(notes(plan)).not.toContain('started by hand');
    expect(await wholeHost(host())).toEqual(before);
  });

  step('a first deploy that fails brings it back as it was, running', async () => {
    version(project, 'broken');
    expect(await look(project, 'deploy')).toMatchObject({ code: 1, outcome: 'reverted', generation: 0 });
    await eventually(async () => expect(await serving(host())).toEqual([ROOT]));
    expect(
      await host().out(`systemctl is-enabled ${UNIT}; stat -c '%a %U' /etc/systemd/system/${UNIT} ${ROOT}/.env`),
    ).toBe('enabled\n640 root\n644 root');
    version(project, 'one');
  });

  step('is replaced without two copies at any time, and its data stays', async () => {
    const { value, most, looks } = await countCopies(host(), () => look(project, 'deploy'));
    expect(value).toMatchObject({ code: 0, outcome: 'deployed' });
    expect(notes(value.run)).toContain(`found /etc/systemd/system/${UNIT}, made by hand`);
    expect({ most, often: looks > 20 }).toEqual({ most: 1, often: true });
    expect(await serving(host())).toEqual([`releases/${value.generation}`]);
    expect(await data(host())).toBe(kept);
    expect(await host().out(`stat -c '%a %U' ${ROOT}/.env`)).toBe(`600 ${APP}`);
  });

  step('whoever counts would have seen a second copy', async () => {
    const { most } = await countCopies(host(), () =>
      host().out(`cd ${ROOT} && { tail -f /dev/null hand.keeper & sleep 1; kill $!; }`),
    );
    expect(most).toBe(2);
  });

  step('a full rollback brings it back: bytes, mode, enabled, running, and .env as it was', async () => {
    version(project, 'two');
    expect(await look(project, 'deploy')).toMatchObject({ code: 0 });
    const { value, most } = await countCopies(host(), () => look(project, 'rollback', '--full', '--yes'));
    expect(value).toMatchObject({ code: 0, outcome: 'removed' });
    expect(most).toBe(1);
    expect(stable(await wholeHost(host()))).toEqual(stable(before));
    expect(await host().out(`systemctl is-enabled ${UNIT}; systemctl is-active ${UNIT}`)).toBe('enabled\nactive');
    expect(await host().out(`systemctl show -p NeedDaemonReload --value ${UNIT}`)).toBe('no');
    expect(await serving(host())).toEqual([ROOT]);
    expect(await data(host())).toBe(kept);
  });
});

describe.each(drawn('nohup', 'unit'))('a process that was started by hand on %s', (name) => {
  const step = story();
  const host = () => hosts[name];
  let project: Project;
  let before: string[];
  let kept: string;

  beforeAll(async () => {
    if (name === 'unit')
      await host().out(
        `systemctl disable --now ${UNIT}; rm /etc/systemd/system/${UNIT}; systemctl daemon-reload; rm -f ${ROOT}/run/*`,
      );
    else await host().out(BY_HAND);
    // As in the seeds: the account that runs the app has logged in over SSH to start it.
    await host().out(
      `chown -R ${APP}: ${ROOT}/run ${ROOT}/logs && setpriv --reuid=${APP} --regid=${APP} --init-groups setsid sh -c '${START}'`,
    );
    await eventually(async () => expect(await serving(host())).toEqual([ROOT]));
    before = await wholeHost(host());
    kept = await data(host());
    project = await projectFor(host());
  });
  afterAll(() => project?.[Symbol.asyncDispose]());

  const pidFile = () => host().out(`cat ${ROOT}/run/supervisor.pid`);

  if (name === 'nohup')
    step('is started again when the first deploy fails', async () => {
      const pid = await pidFile();
      version(project, 'broken');
      const { value, most } = await countCopies(host(), () => look(project, 'deploy'));
      expect(value).toMatchObject({ code: 1, outcome: 'reverted', generation: 0 });
      expect(most).toBe(1);
      expect(await serving(host())).toEqual([ROOT]);
      expect(await pidFile()).not.toBe(pid);
      expect((await host().sh(`kill -0 ${await pidFile()}`)).code).toBe(0);
      version(project, 'one');
      // What a failed version leaves for people to look at is no difference of the host.
      await host().out(`rm -r ${STATE} ${ROOT}/releases; rmdir /var/lib/fleet`);
      before = await wholeHost(host());
    });

  step('is named by plan and deploy, and stopped before ours starts', async () => {
    const pid = await pidFile();
    const words = `process ${pid}, started by hand: tail -f /dev/null hand.keeper`;
    expect(notes(await project.fleet('plan', '--all'))).toContain(words);
    expect(await wholeHost(host())).toEqual(before);
    const { value, most } = await countCopies(host(), () => look(project, 'deploy'));
    expect(value).toMatchObject({ code: 0, outcome: 'deployed' });
    expect(notes(value.run)).toContain('found a process started by hand');
    expect(most).toBe(1);
    expect(await serving(host())).toEqual([`releases/${value.generation}`]);
    expect((await host().sh(`kill -0 ${pid}`)).code).not.toBe(0);
    expect(await data(host())).toBe(kept);
  });

  step('a full rollback starts it again, as its user, with its settings and its pid file', async () => {
    const { value, most } = await countCopies(host(), () => look(project, 'rollback', '--full', '--yes'));
    expect(value).toMatchObject({ code: 0, outcome: 'removed' });
    expect(most).toBe(1);
    expect(await serving(host())).toEqual([ROOT]);
    const pid = await pidFile();
    const as = `setpriv --reuid=${APP} --regid=${APP} --init-groups`;
    expect(
      await host().out(`tr '\\0' ' ' </proc/${pid}/cmdline; stat -c %U /proc/${pid}; ${as} readlink /proc/${pid}/fd/1`),
    ).toBe(`tail -f /dev/null hand.keeper ${APP}\n${ROOT}/logs/supervisor.out.log`);
    expect(await host().out(`${as} cat /proc/${pid}/environ | tr '\\0' '\\n' | grep ^HAND=`)).toBe('HAND=yes');
    expect(stable(await wholeHost(host()))).toEqual(stable(before));
    expect(await host().out(`stat -c '%a %U %G' ${ROOT}/run/supervisor.pid`)).toBe(`644 ${APP} ${APP}`);
    expect(await data(host())).toBe(kept);
    expect((await host().sh(`test -e ${STATE}`)).code).toBe(1);
  });

  step('and the next deploy finds it again', async () => {
    const { value, most } = await countCopies(host(), () => look(project, 'deploy'));
    expect(value).toMatchObject({ code: 0, outcome: 'deployed', generation: 1 });
    expect(most).toBe(1);
    expect(await serving(host())).toEqual(['releases/1']);
  });
});
