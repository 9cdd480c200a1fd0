import type { HostFacts } from '../../src/model/facts.ts';
import type { Layout } from '../../src/model/layout.ts';
import type { UnitFile } from '../../src/model/plan.ts';
import type { RecordInput } from '../../src/runtime/define.ts';
import { factsWith } from '../facts.ts';

const HOST: HostFacts = factsWith({ init: { known: true, value: 'none' }, systemdVersion: 0, boot: 'cron' });

const LAYOUT: Layout = {
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
