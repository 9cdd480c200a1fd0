import { describe, expect, it } from 'vitest';
import { readbackOf } from '../../src/runtime/systemd/readback.ts';
import type { Directive } from '../../src/unit/directives/directive.ts';
import {
  directivesIn,
  isKnown,
  keysOf,
  kindOf,
  sectionsOf,
  TABLES,
  understoodSince,
} from '../../src/unit/directives/directives.ts';
import { effective } from '../../src/unit/settings/effective.ts';
import { file } from './sample.ts';

describe('known keys', () => {
  it.each([
    ['Unit', 'StartLimitIntervalSec'],
    ['Unit', 'ConditionPathExists'],
    ['Unit', 'AssertUser'],
    ['Service', 'StartLimitBurst'],
    ['Service', 'RestartSteps'],
    ['Service', 'ProtectSystem'],
    ['Service', 'KillMode'],
    ['Service', 'X-Anything'],
    ['Install', 'UpheldBy'],
    ['Timer', 'OnCalendar'],
    ['Socket', 'ListenStream'],
    ['Socket', 'User'],
    ['Path', 'PathChanged'],
    ['Slice', 'MemoryMax'],
  ])('[%s] reads %s=', (section, key) => expect(isKnown(section, key)).toBe(true));

  it.each([
    ['Service', 'StartLimitIntervalSec'],
    ['Unit', 'ExecStart'],
    ['Timer', 'User'],
    ['Slice', 'ExecStart'],
    ['Nothing', 'After'],
  ])('[%s] does not read %s=', (section, key) => expect(isKnown(section, key)).toBe(false));

  it('name the section that a key belongs in', () => {
    expect(sectionsOf('After')).toEqual(['Unit']);
    expect(sectionsOf('WantedBy')).toEqual(['Install']);
    expect(keysOf('Install')).toContain('Alias');
  });
});

const ROWS = Object.keys(TABLES).flatMap((section) =>
  directivesIn(section).map(([key, row]) => ({ name: `${section}.${key}`, section, key, row })),
);
const wrong = (is: (row: Directive, key: string, section: string) => boolean) =>
  ROWS.filter(({ row, key, section }) => is(row, key, section)).map(({ name }) => name);

describe('the table of directives', () => {
  it('has each key of a section once, in the order of the alphabet', () => {
    for (const [section, tables] of Object.entries(TABLES)) {
      const keys = tables.flatMap((rows) => Object.keys(rows));
      expect(keys.length, section).toBe(keysOf(section).length);
      for (const rows of tables) {
        const listed = Object.keys(rows).filter((key) => !/^(Condition|Assert)/.test(key));
        expect(listed).toEqual(listed.toSorted());
      }
    }
    expect(ROWS.length).toBeGreaterThan(1000);
  });

  it('has versions of systemd for ages, and single values that their key takes', () => {
    const odd = (version: number) => !Number.isInteger(version) || version < 236 || version > 259;
    expect(wrong(({ since = 259, newer = {} }) => [since, ...Object.values(newer)].some(odd))).toEqual([]);
    expect(
      wrong(({ value, newer = {} }) => Object.keys(newer).some((word) => !value.takes(word.replace(/:$/, ':/x')))),
    ).toEqual([]);
  });

  // What each kind of read-back may be given; the key's own kind of value says which of them fit.
  const VALUES = 'always simple mixed root /srv invisible private yes 5 512M 90% 5min SIGINT 0027 A=1'.split(' ');
  const shown = (section: string, key: string) =>
    VALUES.filter((value) => kindOf(section, key)?.takes(value)).flatMap((value) =>
      readbackOf(effective('a.service', [file('a.service', `[${section}]\n${key}=${value}\n`)]), 259),
    );

  it('has a way of reading back that fits the value, of all that is read back and of nothing else', () => {
    const services = (section: string) => section === 'Service' || section === 'Unit';
    const unlike = ({ shown: how }: Directive, key: string, section: string) =>
      services(section) && (how !== undefined) !== shown(section, key).length > 0;
    expect(wrong(unlike)).toEqual([]);
    expect(shown('Service', 'CPUQuota')).toMatchObject([{ property: 'CPUQuotaPerSecUSec', value: '900ms' }]);
  });

  it('says no more of what was taken out', () => {
    expect(wrong((row) => row.removed === true && Object.keys(row).length > 2)).toEqual([]);
  });

  it('has conditions with their assertions, and the one that stands alone', () => {
    expect(isKnown('Unit', 'ConditionFirmware')).toBe(true);
    expect(isKnown('Unit', 'AssertFirmware')).toBe(false);
  });

  it('knows how old a key is in every section that reads it', () => {
    const since = (section: string) => understoodSince({ section, key: 'MemoryZSwapMax', value: '1G' });
    expect(['Service', 'Socket', 'Slice'].map(since)).toEqual([253, 253, 253]);
    expect(since('Timer')).toBe(0);
  });
});
