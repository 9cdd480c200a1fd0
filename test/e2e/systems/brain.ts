import type { Project } from '../fleet.ts';
import type { TestHost } from '../rig/index.ts';
import { shippedProject } from './project.ts';

export const ROOT = '/home/user/brain-in-jar';
/** What runs beside the experiments. */
export const SERVICES = ['jetson-power.service', 'jetson-memory.service', 'brain-experiment-coordinator.service'];
/** The nodes of the GPU that a test host has, below /dev. */
export const NODES = 'nvidia0 nvidiactl nvidia-modeset nvhost-ctrl-gpu nvmap nvgpu/igpu0/ctrl dri/renderD128'.split(
  ' ',
);
export const unitOf = (id: string) => `brain-experiment@${id}.service`;

const config = (id: string, mode: string, more: object = {}) =>
  JSON.stringify({ experiment_id: id, mode, cycle_seconds: 0.1, devices: ['/dev/nvidia0', '/dev/ttyTHS1'], ...more });

/** Experiments of the test beside the shipped ones; two of the shipped ones are quicker and tighter here. */
const EXPERIMENTS = {
  'units/brain-in-jar/experiments/amnesiac_001.json': config('amnesiac_001', 'amnesiac_loop'),
  'units/brain-in-jar/experiments/unstable_002.env':
    'EXPERIMENT_RAM_LIMIT=4G\nEXPERIMENT_CPU_QUOTA=80%\nEXPERIMENT_CPUS=0\nMAX_TEMP_CELSIUS=80\n',
  // Alive until the deploy is over, then it crashes again and again.
  'units/brain-in-jar/experiments/crasher_004.env': 'EXPERIMENT_RAM_LIMIT=1G\n',
  'units/brain-in-jar/experiments/crasher_004.json': config('crasher_004', 'panopticon', {
    fault: { kind: 'crash', after: 7 },
  }),
  'units/brain-in-jar/experiments/eater_005.env': 'EXPERIMENT_RAM_LIMIT=40M\n',
  'units/brain-in-jar/experiments/eater_005.json': config('eater_005', 'panopticon', {
    fault: { kind: 'eat_memory', after: 0 },
  }),
  'units/brain-in-jar/experiments/greedy_006.env': 'EXPERIMENT_RAM_LIMIT=40G\n',
  'units/brain-in-jar/experiments/greedy_006.json': config('greedy_006', 'panopticon'),
  'units/brain-in-jar/experiments/lost_007.env': 'EXPERIMENT_RAM_LIMIT=1G\n',
};

const quick = (text: string) => text.replace('settle: 10s', 'settle: 3s').replace('deadline: 180s', 'deadline: 60s');
const watchful = (text: string) => text.replace(/^(TEMPERATURE_CHECK_INTERVAL_SECONDS=)10$/m, '$11');

/** The project as it is shipped, for a test host; `deploy` may use sudo there, as `ubuntu` may on a Jetson. */
export const brainProject = (host: TestHost): Promise<Project> =>
  shippedProject({
    app: 'brain-in-jar',
    hosts: {
      orin: {
        host,
        fields: { user: 'deploy', vars: { swap_file: '/mnt/nvme/swapfile', swap_size: '32M', swappiness: 11 } },
      },
    },
    changes: {
      'playbooks/brain-in-jar.yaml': quick,
      'units/brain-in-jar/coordinator.env': watchful,
      ...EXPERIMENTS,
    },
  });

/** The playbook with other experiments. */
export const listing = (playbook: string, names: readonly string[]): string =>
  playbook.replace(/experiments: \[amnesiac_001.*\]/, `experiments: [${names.join(', ')}]`);

const QUERY = `
import json, sqlite3, sys
db = sqlite3.connect("${ROOT}/logs/experiments.db")
db.row_factory = sqlite3.Row
print(json.dumps(dict(db.execute("SELECT * FROM experiments WHERE id = ?", (sys.argv[1],)).fetchone())))`;

export type Row = {
  readonly starts: number;
  readonly crashes: number;
  readonly cycle: number;
  readonly state: string;
};

export type Board = {
  readonly mode: string;
  readonly clocks: string;
  readonly swappiness: number;
  readonly swap: string;
};

/** Looks at a Jetson with Brain-in-Jar, past the product under test. */
export const brain = (host: () => TestHost) => ({
  /** One property of a unit. */
  show: (unit: string, property: string) => host().out(`systemctl show --value -p ${property} ${unit}`),
  row: async (id: string): Promise<Row> => JSON.parse(await host().out(`python3 - ${id}`, { stdin: QUERY })),
  /** Units of experiments that are up. */
  async running(): Promise<string[]> {
    const list = await host().out(
      `systemctl list-units --plain --no-legend --state=active 'brain-experiment@*.service' | cut -d' ' -f1`,
    );
    return list.split('\n').filter(Boolean).sort();
  },
  /** What the kernel itself holds a unit to: bytes, and microseconds of CPU time in each period of a tenth of a second. */
  async kernelLimits(unit: string): Promise<{ memory: string; cpu: string }> {
    const [memory = '', cpu = ''] = (
      await host().out(`g=$(systemctl show --value -p ControlGroup ${unit}); cd /sys/fs/cgroup
        if [ -e cgroup.controllers ]; then cat ".$g/memory.max"; cut -d' ' -f1 ".$g/cpu.max"
        else cat "memory$g/memory.limit_in_bytes" "cpu$g/cpu.cfs_quota_us"; fi`)
    ).split('\n');
    return { memory, cpu };
  },
  journal: (id: string) => host().out(`journalctl -q -o cat -u ${unitOf(id)}`),
  async board(): Promise<Board> {
    const [mode = '', clocks = '', swappiness, swap = ''] = await Promise.all(
      [
        'nvpmodel -q | tail -n 1',
        'jetson_clocks --show',
        'cat /proc/sys/vm/swappiness',
        `awk '$1 ~ "^/mnt/nvme" { print $1 }' /proc/swaps`,
      ].map((command) => host().out(command)),
    );
    return { mode, clocks, swappiness: Number(swappiness), swap };
  },
  /** Inodes of what must outlive everything, and what they held at first. */
  data: () =>
    host().out(`cd ${ROOT} && stat -c '%n %i %U' logs experiments logs/experiments.db logs/experiments logs/experiments/amnesiac_001.log
      stat -c '%n %i %Y %Z' experiments/result.txt && cat experiments/result.txt
      head -n 2 logs/experiments/amnesiac_001.log | sha256sum`),
});
