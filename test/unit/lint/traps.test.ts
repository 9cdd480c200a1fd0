import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FORMER } from '../../../src/unit/lint/allowed.ts';
import { BESIDE, CASES } from './cases.ts';

const src = (path: string) => new URL(`../../../src/${path}`, import.meta.url);

/**
 * The 33 traps of the seeds. `lint` has a rule that had this name first; the others have no file to be seen in, and are kept out by
 * the part of fleet named here.
 */
const TRAPS: Readonly<Record<string, 'lint' | readonly [part: string, how: string]>> = {
  T1: 'lint',
  T2: 'lint',
  T3: 'lint',
  T4: ['env/parse.ts', 'a comment behind a value is refused; see seeds.test.ts'],
  T5: ['env/write.ts', 'env files are parsed, never sourced, and written as every reader takes them'],
  T6: ['host/program/look/probe.sh', 'systemd is what runs as process 1, not a systemctl that is installed'],
  T7: ['runtime/diagnose/diagnose.ts', 'an end is explained by Result and status together'],
  T8: ['host/program/switch/settle.sh', 'a service counts once it has stayed up, whatever systemctl start returned'],
  T9: 'lint',
  T10: 'lint',
  T11: 'lint',
  T12: 'lint',
  T13: 'lint',
  T14: ['host/program/runtime/systemd.sh', 'logs are asked for by unit, never by identifier'],
  T15: ['runtime/systemd/readback.ts', 'a value that the host overrides is read back and found out'],
  T16: ['host/program/switch/apply.sh', 'stop, disable, remove and reload, in this order'],
  T17: ['host/program/switch/apply.sh', 'the manager is always reloaded'],
  T18: ['unit/directives/directives.ts', 'what the host is too old for is left out and said'],
  T19: 'lint',
  T20: 'lint',
  T21: ['host/program/stage/stage.sh', 'code goes into a release folder of its own'],
  T22: ['host/program/stage/stage.sh', 'a release holds what was sent and nothing else; .env and data lie beside it'],
  T23: 'lint',
  T24: 'lint',
  T25: ['host/program/runtime/systemd.sh', 'the main process is asked for, not searched by name'],
  T26: 'lint',
  T27: 'lint',
  T28: 'lint',
  T29: 'lint',
  T30: 'lint',
  T31: 'lint',
  T32: 'lint',
  T33: ['host/program/runtime/systemd.sh', 'a changed unit is reloaded and restarted together'],
};

describe('every trap of the seeds', () => {
  it('is known', () => expect(Object.keys(TRAPS)).toEqual(Array.from({ length: 33 }, (_, i) => `T${i + 1}`)));

  it.each(Object.entries(TRAPS))(
    '%s has a rule that is shown to find it, or a part of fleet that keeps it out',
    (id, by) => {
      const shown = [...CASES, ...BESIDE].some(({ rule }) => FORMER[id]?.includes(rule));
      expect(shown).toBe(by === 'lint');
      if (by !== 'lint') expect(existsSync(src(by[0]))).toBe(true);
    },
  );
});
