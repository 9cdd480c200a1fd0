import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { only, type Project, type Run } from '../fleet.ts';
import { heat, startHost, type TestHost } from '../rig/index.ts';
import { eventually } from '../samples.ts';
import { story } from '../story.ts';
import { type Board, brain, brainProject, listing, NODES, ROOT, SERVICES, unitOf } from './brain.ts';

// One story on one host, in order: what one test leaves the next one finds.
let host: TestHost;
let project: Project;
let playbook: string;
let found: Board;
let data: string;
const at = brain(() => host);

beforeAll(async () => {
  host = await startHost('orin', 'jetson');
  project = await brainProject(host);
  playbook = readFileSync(join(project.folder, 'playbooks/brain-in-jar.yaml'), 'utf8');
  experiments('amnesiac_001', 'unstable_002');
  found = await at.board();
});
afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
  await host?.[Symbol.asyncDispose]();
});

/** Says which experiments the host is to have. */
const experiments = (...names: string[]) => project.playbook(listing(playbook, names));
const fleet = async (...args: string[]) => {
  const run = await project.fleet(...args, '--host', 'orin');
  return { code: run.code, ...only(run), run };
};
const done = { code: 0, failure: null, outcome: 'deployed' };
const checks = (run: Run) =>
  run.events.filter(({ type }) => type === 'check').map(({ result }) => JSON.stringify(result));

const step = story();

it.each([
  ['an experiment without a config', ['amnesiac_001', 'lost_007'], /lost_007/],
  ['a fifth experiment', ['amnesiac_001', 'unstable_002', 'panopticon_003', 'crasher_004', 'eater_005'], /5.*4/s],
  ['52 GB', ['amnesiac_001', 'unstable_002', 'greedy_006'], /52.*48/s],
])('%s is refused before the host is contacted', async (_what, names, words) => {
  experiments(...names);
  const run = await project.fleet('deploy', '--host', 'orin');
  expect(run).toMatchObject({ code: 2, summary: { exitCode: 2, hosts: [] } });
  expect(run.stderr).toMatch(words);
  experiments('amnesiac_001', 'unstable_002');
});

step('a board that is too hot is left untouched', async () => {
  await heat(host, 80);
  const before = await host.manifest(['/etc', '/home', '/usr/local', '/var/lib/fleet']);
  const refused = await fleet('deploy');
  expect(refused).toMatchObject({ code: 3, outcome: 'untouched' });
  expect(refused.failure?.message).toMatch(/80/);
  expect(await host.manifest(['/etc', '/home', '/usr/local', '/var/lib/fleet'])).toEqual(before);
});

step('zones that say nothing do not keep a deploy from happening, and everything is up after it', async () => {
  const journald = await at.show('systemd-journald.service', 'MainPID');
  await heat(host, null);
  expect(await fleet('deploy')).toMatchObject({ ...done, generation: 1 });
  const names = ['amnesiac_001', 'unstable_002'].map(unitOf);
  expect(await at.running()).toEqual(names);
  for (const unit of [...names, ...SERVICES, 'brain-experiment.target'])
    expect(await host.out(`systemctl is-enabled ${unit}`)).toBe('enabled');
  expect(await host.out(`stat -c %U /proc/${await at.show(names[0] ?? '', 'MainPID')}`)).toBe('user');
  // It has read its new limit.
  expect(await host.out('cat /etc/systemd/journald.conf.d/brain-in-jar.conf')).toContain('SystemMaxUse=4G');
  expect(await at.show('systemd-journald.service', 'MainPID')).not.toBe(journald);
  await heat(host, 46);
});

step('the limits of each experiment are those of its settings, for systemd and for the kernel', async () => {
  const unit = unitOf('amnesiac_001');
  expect(await at.show(unit, 'MemoryMax')).toBe(String(8 * 2 ** 30));
  expect(await at.show(unit, 'CPUQuotaPerSecUSec')).toBe('1s');
  expect(await at.kernelLimits(unit)).toEqual({ memory: String(8 * 2 ** 30), cpu: '100000' });
  expect(await at.kernelLimits(unitOf('unstable_002'))).toEqual({ memory: String(4 * 2 ** 30), cpu: '80000' });
  const pinned = await at.show(unitOf('unstable_002'), 'MainPID');
  expect(await host.out(`sed -n 's/^Cpus_allowed_list:\\s*//p' /proc/${pinned}/status`)).toBe('0');
  expect(await host.out(`tr '\\0' '\\n' </proc/${await at.show(unit, 'MainPID')}/environ`)).toContain(
    'MAX_TEMP_CELSIUS=80',
  );
});

step('an experiment may open the nodes of the GPU and no other device of the same group', async () => {
  const allowed = await at.show(unitOf('amnesiac_001'), 'DeviceAllow');
  for (const node of NODES) expect(allowed).toContain(`/dev/${node} rw`);
  expect(allowed).not.toContain('ttyTHS1');
  const log = await at.journal('amnesiac_001');
  expect(log).toContain('opened /dev/nvidia0');
  expect(log).toContain('cannot open /dev/ttyTHS1: Operation not permitted');
  // It is the device that is forbidden, not the file: the account itself may open it.
  expect(await host.sh('python3 -c "import os; os.open(\'/dev/ttyTHS1\', os.O_RDWR)"', { user: 'user' })).toMatchObject(
    { code: 0 },
  );
});

step(
  'no service of an experiment is more exposed than 2.5, nor writes elsewhere than in logs and experiments',
  async () => {
    for (const unit of [unitOf('amnesiac_001'), 'brain-experiment-coordinator.service']) {
      const [, score] =
        /level for \S+: ([\d.]+)/.exec(await host.out(`systemd-analyze security --no-pager ${unit}`)) ?? [];
      expect(Number(score)).toBeLessThanOrEqual(2.5);
    }
    // As the account itself, in the file system as the experiment sees it.
    const pid = await at.show(unitOf('amnesiac_001'), 'MainPID');
    const write = (path: string) => host.sh(`touch /proc/${pid}/root${path}/by-test`, { user: 'user' });
    for (const path of ['logs', 'experiments']) expect(await write(`${ROOT}/${path}`)).toMatchObject({ code: 0 });
    for (const path of ['/home/user', ROOT, '/etc', '/var/log/brain-in-jar', '/var/tmp/..', '/run/brain-in-jar'])
      expect([path, (await write(path)).stderr]).toEqual([path, expect.stringContaining('Read-only file system')]);
  },
);

step('the board has its power mode, its clocks, its swap file and its swappiness', async () => {
  expect(found).toMatchObject({ mode: '2', clocks: 'dynamic', swap: '' });
  expect(await at.board()).toEqual({ mode: '0', clocks: 'locked', swappiness: 11, swap: '/mnt/nvme/swapfile' });
  expect(await host.out('stat -c "%U %a" /mnt/nvme/swapfile')).toBe('root 600');
});

step('a power mode that wants a reboot gets no yes, and the log says what to do', async () => {
  const unit = 'jetson-power.service';
  await host.out(`cp -p /etc/brain-in-jar/board.env /tmp/ && sed -i s/MODE=0/MODE=1/ /etc/brain-in-jar/board.env`);
  expect(await host.sh(`systemctl restart ${unit}`)).not.toMatchObject({ code: 0 });
  expect(await host.out(`journalctl -q -o cat -u ${unit}`)).toContain('mode 1 needs a reboot, and the mode is still 0');
  // It was asked for, and answered by nobody.
  expect((await host.out('cat /var/lib/jetson/nvpmodel.calls')).split('\n')).toEqual(['-m 0', '-m 1']);
  await host.out(`cp -p /tmp/board.env /etc/brain-in-jar/ && systemctl restart ${unit}`);
});

step('health warns of a warm board and calls a hot one bad', async () => {
  expect(await fleet('health')).toMatchObject({ code: 0, outcome: 'healthy' });
  await heat(host, 78);
  const warm = await fleet('health');
  expect(warm).toMatchObject({ code: 0, outcome: 'healthy' });
  expect(checks(warm.run).find((check) => check.includes('temperature'))).toMatch(
    /78 °C.*"warning":true|"warning":true.*78 °C/,
  );
  // Meanwhile the coordinator lets nobody work.
  await eventually(async () => expect(await at.journal('amnesiac_001')).toContain('cycle'));
  // It may be in the middle of a cycle when it hears of that.
  await eventually(async () => {
    const { cycle } = await at.row('amnesiac_001');
    await new Promise((passed) => setTimeout(passed, 500));
    expect((await at.row('amnesiac_001')).cycle).toBe(cycle);
  });
  await heat(host, 86);
  expect(await fleet('health')).toMatchObject({ code: 1, outcome: 'unhealthy' });
});

step(
  'at 85 degrees the coordinator stops all experiments, and a deploy on the cool board starts them again',
  async () => {
    await eventually(async () => expect(await at.running()).toEqual([]));
    expect(await at.show(unitOf('amnesiac_001'), 'ExecMainStatus')).toBe('75');
    await heat(host, 46);
    const hot = await fleet('health');
    expect(hot).toMatchObject({ code: 1, outcome: 'unhealthy' });
    expect(JSON.stringify(hot.failure)).toMatch(/amnesiac_001.*exit status 75/);
    await host.out(`echo 'Phi = 3.2' >${ROOT}/experiments/result.txt`, { user: 'user' });
    data = await at.data();
    expect(await fleet('deploy')).toMatchObject({ ...done, generation: 1 });
    expect(await at.running()).toHaveLength(2);
    expect(await at.data()).toBe(data);
  },
);

step('a device that appears later is told by plan and open after the next deploy', async () => {
  await host.out('mknod -m 660 /dev/nvidia1 c 10 229 && chgrp video /dev/nvidia1');
  const plan = await project.fleet('plan', '--host', 'orin', '--exit-code');
  expect(plan.code).toBe(5);
  expect(JSON.stringify(plan.events)).toContain('50-fleet-devices.conf');
  expect(await fleet('deploy')).toMatchObject({ ...done, generation: 2 });
  expect(await at.show(unitOf('amnesiac_001'), 'DeviceAllow')).toContain('/dev/nvidia1 rw');
});

step(
  'stopping the target stops every experiment, also one that was started by hand; starting it, the enabled ones',
  async () => {
    const byHand = unitOf('visitor');
    await host.writeFile(
      '/etc/brain-in-jar/experiments/visitor.json',
      '{"experiment_id":"visitor","mode":"panopticon"}',
    );
    await host.out(`systemctl start ${byHand}`);
    const enabled = ['amnesiac_001', 'unstable_002'].map(unitOf);
    expect(await at.running()).toEqual([...enabled, byHand]);
    await host.out('systemctl stop brain-experiment.target');
    expect(await at.running()).toEqual([]);
    expect((await at.row('amnesiac_001')).state).toBe('stopped');
    await host.out('rm /etc/brain-in-jar/experiments/visitor.json; systemctl start brain-experiment.target');
    expect(await at.running()).toEqual(enabled);
    // Nothing is started without its config.
    expect((await host.sh(`systemctl start ${byHand}`)).stderr).toContain('Assertion failed');
  },
);

step('an experiment that crashes is back after five seconds and has counted it', async () => {
  const unit = unitOf('amnesiac_001');
  // Only one that has said that it runs counts its end as a crash.
  await eventually(async () => expect((await at.row('amnesiac_001')).state).toBe('running'));
  const before = await at.row('amnesiac_001');
  await host.out(`systemctl kill --signal=SEGV ${unit}`);
  const crashed = Date.now();
  await eventually(async () => expect(await at.show(unit, 'SubState')).toBe('auto-restart'), 2000);
  await eventually(async () => expect((await at.row('amnesiac_001')).starts).toBe(before.starts + 1));
  expect(Date.now() - crashed).toBeGreaterThan(4500);
  const after = await at.row('amnesiac_001');
  expect(after.crashes).toBe(before.crashes + 1);
  expect(after.cycle).toBeGreaterThanOrEqual(before.cycle);
  expect(await at.show(unit, 'NRestarts')).toBe('1');
});

step('an experiment that leaves the list leaves no unit, no drop-in and no config', async () => {
  project.write(
    'units/brain-in-jar/experiments/amnesiac_001.env',
    'EXPERIMENT_RAM_LIMIT=2G\nEXPERIMENT_CPU_QUOTA=50%\n',
  );
  experiments('amnesiac_001', 'crasher_004');
  expect(await fleet('deploy')).toMatchObject({ ...done, generation: 3 });
  expect(await at.kernelLimits(unitOf('amnesiac_001'))).toEqual({ memory: String(2 * 2 ** 30), cpu: '50000' });
  expect(await host.out("find /etc -name '*unstable_002*'")).toBe('');
  expect(await at.running()).not.toContain(unitOf('unstable_002'));
});

step('logs are rotated twice without losing a line or a restart', async () => {
  const unit = unitOf('amnesiac_001');
  const log = `${ROOT}/logs/experiments/amnesiac_001.log`;
  const pid = await at.show(unit, 'MainPID');
  for (const _ of [1, 2]) {
    await eventually(async () => expect(await host.out(`cat ${log}`)).toContain('cycle'));
    await host.out('logrotate -f /etc/logrotate.d/brain-in-jar');
  }
  await eventually(async () => expect(await host.out(`cat ${log}`)).toContain('cycle'));
  expect(await host.out(`ls ${ROOT}/logs/experiments | grep amnesiac`)).toBe(
    'amnesiac_001.log\namnesiac_001.log.1\namnesiac_001.log.2.gz',
  );
  expect(await at.show(unit, 'MainPID')).toBe(pid);
  expect(await host.out(`zcat ${log}.2.gz | head -n 1`)).toContain('from cycle 0');
  await eventually(async () => expect(Number(await host.out(`grep -c . ${log}`))).toBeGreaterThan(1));
  data = await at.data();
});

step('an experiment that crashes more than three times stays down, and health says so', async () => {
  const unit = unitOf('crasher_004');
  await eventually(async () => expect(await at.show(unit, 'ActiveState')).toBe('failed'), 50_000);
  const health = await fleet('health');
  expect(health).toMatchObject({ code: 1, outcome: 'unhealthy' });
  expect(JSON.stringify(health.failure)).toMatch(/crasher_004[^}]*started too often/);
});

step('an experiment that needs more memory than its limit takes the deploy back, which names the limit', async () => {
  experiments('amnesiac_001', 'eater_005');
  const failed = await fleet('deploy');
  expect(failed).toMatchObject({ code: 1, outcome: 'reverted', generation: 3 });
  expect(failed.failure?.message).toMatch(/eater_005/);
  expect(JSON.stringify(failed.failure)).toContain('MemoryMax=');
  expect(await host.out("find /etc -name '*eater_005*'")).toBe('');
  expect(await at.data()).toBe(data);
});

step('a rollback brings back the experiments and the limits of the generation before', async () => {
  const crashes = (await at.row('amnesiac_001')).crashes;
  expect(await fleet('rollback')).toMatchObject({ code: 0, outcome: 'rolled-back', generation: 2 });
  expect(await at.running()).toEqual(['amnesiac_001', 'unstable_002'].map(unitOf));
  expect(await at.kernelLimits(unitOf('amnesiac_001'))).toEqual({ memory: String(8 * 2 ** 30), cpu: '100000' });
  expect((await at.row('amnesiac_001')).crashes).toBe(crashes);
  expect(await at.data()).toBe(data);
});

step('a reboot brings back the board, then the coordinator, then the experiments where they were', async () => {
  const before = await at.row('unstable_002');
  await host.reboot();
  await eventually(async () => expect(await at.running()).toEqual(['amnesiac_001', 'unstable_002'].map(unitOf)));
  await eventually(async () => expect((await at.row('unstable_002')).state).toBe('running'));
  const after = await at.row('unstable_002');
  expect(after).toMatchObject({ starts: before.starts + 1, crashes: before.crashes });
  expect(after.cycle).toBeGreaterThanOrEqual(before.cycle);
  const began = Number(await at.show(unitOf('unstable_002'), 'ExecMainStartTimestampMonotonic'));
  for (const unit of SERVICES) expect(Number(await at.show(unit, 'ActiveEnterTimestampMonotonic'))).toBeLessThan(began);
  expect(await at.board()).toEqual({ mode: '0', clocks: 'locked', swappiness: 11, swap: '/mnt/nvme/swapfile' });
  // Not one deploy, rollback or boot has set the power mode again.
  expect(await host.out('cat /var/lib/jetson/nvpmodel.calls')).toBe('-m 0\n-m 1');
  // It had all been lost: what was noted at this start is how a board comes up.
  expect(
    await host.out('cat /run/jetson-memory/swappiness-before /run/jetson-power/clocks; ls /run/jetson-memory'),
  ).toBe(`${found.swappiness}\ndynamic\nswap-on\nswappiness-before`);
  expect(await fleet('health')).toMatchObject({ code: 0, outcome: 'healthy', generation: 2 });
});

step('a full rollback that keeps data leaves the data and the account, and the board as it was', async () => {
  expect(await fleet('rollback', '--full', '--keep-data')).toMatchObject({ code: 0, outcome: 'removed' });
  expect(await at.data()).toBe(data);
  expect(await host.out('id -un user')).toBe('user');
  expect(await host.out("find /etc /usr/local /run -name '*brain*'")).toBe('');
  expect(await host.out("systemctl list-units --all --plain --no-legend 'brain*' 'jetson*'")).toBe('');
  expect(await at.board()).toEqual(found);
  expect(await host.out('ls /mnt/nvme')).toBe('');
});

step('a swap file that was there before is used, and left alone', async () => {
  for (const name of ['memory.sh', 'stays.sh'])
    await host.writeFile(`/tmp/m/${name}`, readFileSync(join(project.folder, 'test/apps/brain-in-jar/host', name)));
  const look = `stat -c '%n %i %s' /mnt/nvme/*`;
  await host.out('cd /mnt/nvme && fallocate -l 16M old && chmod 600 old && mkswap old');
  const before = await host.out(look);
  const settings = `STATE_DIRECTORY=/tmp/m RUNTIME_DIRECTORY=/tmp/m SWAP_FILE=/mnt/nvme/old SWAP_SIZE=64M SWAPPINESS=${found.swappiness}`;
  await host.out(`${settings} sh /tmp/m/memory.sh start`);
  expect((await at.board()).swap).toBe('/mnt/nvme/old');
  await host.out(`${settings} sh /tmp/m/memory.sh stop`);
  expect(await at.board()).toEqual(found);
  expect(await host.out(look)).toBe(before);
});
