import type { TestHost } from '../rig/index.ts';

export const ROOT = '/home/user/brain-in-jar';
export const unitOf = (id: string) => `brain-experiment@${id}.service`;

const config = (id: string, mode: string, more: object = {}) =>
  JSON.stringify({ experiment_id: id, mode, cycle_seconds: 0.1, devices: ['/dev/nvidia0', '/dev/ttyTHS1'], ...more });

/** Experiments of the test beside the shipped ones; the shipped amnesiac one lives quicker here. */
export const EXPERIMENTS = {
  'units/brain-in-jar/experiments/amnesiac_001.json': config('amnesiac_001', 'amnesiac_loop'),
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
  board: async () => {
    const [mode, clocks, swappiness, swap] = await Promise.all(
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
