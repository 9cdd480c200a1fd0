import type { HostFacts, RuntimeName } from '../model/facts.ts';
import type { Layout } from '../model/layout.ts';
import type { UnitFile } from '../model/plan.ts';

/** What a generation asks of the runtime of a host. */
export type RecordInput = {
  readonly units: readonly UnitFile[];
  readonly enable: readonly string[];
  readonly layout: Layout;
  readonly host: HostFacts;
};

/** A file of the generation's own record; `path` is relative to the generation's folder. */
export type RecordFile = { readonly path: string; readonly text: string; readonly mode: number };

export type RuntimeRecord = {
  readonly files: readonly RecordFile[];
  /** Units that activation brings up and watches, in start order. */
  readonly start: readonly string[];
  /** Units that come back after a reboot by their own [Install] section; with systemd, what `systemctl enable` gets. */
  readonly enable: readonly string[];
  readonly warnings: readonly string[];
  /** Why this cannot run on this host; anything here leaves the host untouched. */
  readonly unsupported: readonly string[];
};

/** What keeps services running on a host, as the controller sees it: pure. */
export interface Runtime {
  readonly name: RuntimeName;
  record(input: RecordInput): RuntimeRecord;
}
