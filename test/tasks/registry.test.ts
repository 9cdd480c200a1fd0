import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { TaskKind } from '../../src/tasks/define.ts';
import { TASKS } from '../../src/tasks/index.ts';

/** A valid entry of each kind; a new kind needs one here. */
const ENTRIES: Readonly<Record<string, unknown>> = {
  user: { name: 'jarvis', home: '/opt/jarvis', system: true },
  packages: ['python3', 'logrotate'],
  directories: [{ path: '/var/log/jarvis', owner: 'jarvis', mode: '0750' }],
  sync: { from: '../Jarvis', exclude: ['.git', '__pycache__', '*.pyc'] },
  env: { from: 'secrets/jarvis.env', required: ['TELEGRAM_BOT_TOKEN'] },
  files: [{ from: 'config/production.toml', to: 'config.toml', mode: '0640' }],
  run: { command: ['python3', '-m', 'venv', '.venv'], creates: '.venv' },
  units: { from: 'units/jarvis/supervisor', enable: ['jarvis.service'] },
  instances: {
    of: 'brain-experiment@.service',
    names: ['amnesiac_001', 'unstable-002'],
    settings: 'experiments/%i.env',
    directives: { MemoryMax: 'EXPERIMENT_RAM_LIMIT', CPUQuota: 'EXPERIMENT_CPU_QUOTA' },
    files: [{ from: 'experiments/%i.json', to: '/etc/brain-in-jar/experiments/%i.json' }],
    atMost: { instances: 4, MemoryMax: '48G' },
  },
  devices: { unit: 'brain-experiment@.service', allow: ['/dev/nvidia*', '/dev/dri/renderD*'], access: 'rw' },
  logrotate: 'units/jarvis/jarvis.logrotate',
};

const kinds: readonly TaskKind<string, unknown, unknown, unknown>[] = TASKS;

describe.each(kinds.map((task) => [task.kind, task] as const))('the task kind %s', (kind, task) => {
  it('takes a valid entry, and its own reading of it again', () => {
    const once = task.schema.parse(ENTRIES[kind]);
    expect(task.schema.parse(once)).toEqual(once);
  });

  it('can be described to an editor', () => expect(() => z.toJSONSchema(task.schema, { io: 'input' })).not.toThrow());

  it.each([[null], [42], [{ nonsense: true }], [[{ nonsense: true }]]])('refuses %j', (entry) =>
    expect(task.schema.safeParse(entry).success).toBe(false),
  );
});

it('no two kinds share a name', () => expect(new Set(kinds.map(({ kind }) => kind)).size).toBe(kinds.length));
