import type { HostFacts } from '../../src/model/facts.ts';
import { generationId } from '../../src/model/ids.ts';
import type { UnitFile } from '../../src/model/plan.ts';
import type { Layout } from '../../src/model/target.ts';
import type { RecordInput } from '../../src/runtime/define.ts';

export const HOST: HostFacts = {
  uid: 0,
  user: 'root',
  arch: 'x86_64',
  os: 'debian 12',
  init: { known: true, value: 'none' },
  systemdVersion: 0,
  tools: new Set(),
  boot: 'cron',
  freeBytes: 1e9,
  freeInodes: 1e6,
  active: generationId(0),
  generations: [],
  held: null,
  phase: 'IDLE',
  found: [],
  drift: [],
};

export const LAYOUT: Layout = {
  root: '/opt/app',
  current: '/opt/app/current',
  app: 'app',
  user: 'app',
  data: [],
};

/** What a generation asks of a runtime, on a root host without systemd if not said otherwise. */
export const input = (
  units: readonly UnitFile[],
  enable: readonly string[],
  host: Partial<HostFacts> = {},
): RecordInput => ({ units, enable, layout: LAYOUT, host: { ...HOST, ...host } });
