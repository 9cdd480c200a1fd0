import { describe, expect, it } from 'vitest';
import { isKnown, keysOf, sectionsOf } from '../../../src/unit/lint/known-keys.ts';
import { VALUE_KINDS } from '../../../src/unit/lint/value-kinds.ts';

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

  it('are all the keys whose values are judged', () => {
    const bare = [...VALUE_KINDS.keys()].map((key) => key.replace(/^\w+\./, ''));
    expect(bare.filter((key) => sectionsOf(key).length === 0)).toEqual([]);
  });
});
