import type { ProbeReply } from '../src/host/facts.ts';
import type { GenerationFacts, HostFacts } from '../src/model/facts.ts';
import { digest, generationId } from '../src/model/ids.ts';

/** A Debian host with root and systemd, and nothing of ours on it, unless told otherwise. */
export const factsWith = (facts: Partial<HostFacts> = {}): HostFacts => ({
  uid: 0,
  user: 'root',
  machine: null,
  arch: 'x86_64',
  os: 'debian 12',
  init: { known: true, value: 'systemd' },
  systemdVersion: 252,
  tools: new Set(['tar', 'rsync', 'useradd']),
  boot: 'systemd',
  freeBytes: 1e10,
  freeInodes: 1e6,
  active: generationId(0),
  generations: [],
  remains: false,
  unrecorded: false,
  held: null,
  phase: 'IDLE',
  found: [],
  drift: [],
  byHand: [],
  altered: [],
  unsafe: [],
  below: null,
  externalDropIns: [],
  ...facts,
});

export const probeWith = (facts: Partial<HostFacts> = {}, reply: Partial<ProbeReply> = {}): ProbeReply => ({
  facts: factsWith(facts),
  open: null,
  leftMs: null,
  probation: null,
  acts: null,
  elsewhere: null,
  group: null,
  runtime: '-',
  sealed: true,
  uses: [],
  units: [],
  parts: new Map(),
  neighbours: [],
  namesakes: [],
  aside: [],
  currentTaken: null,
  bystanders: [],
  bootLines: [],
  ...reply,
});

export const generation = (
  id: number,
  verdict: GenerationFacts['verdict'],
  base: number,
  hex = `${id}`,
): GenerationFacts => ({
  id: generationId(id),
  verdict,
  base: generationId(base),
  digest: digest(hex),
});
