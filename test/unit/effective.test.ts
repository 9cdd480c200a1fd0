import { describe, expect, test } from 'vitest';
import { assigned, effective, effectiveUnit } from '../../src/unit/settings/effective.ts';
import { file } from './sample.ts';

const main = file('a.service', '[Unit]\nAfter=x.service\n[Service]\nUser=one\nEnvironment=A=1\nExecStart=/old\n');
const values = (units: Parameters<typeof effectiveUnit>[0], name: string, section: string, key: string) => {
  const unit = effectiveUnit(units, name);
  return unit ? assigned(unit, section, key).map(({ value }) => value) : null;
};

describe('a unit with drop-ins', () => {
  test('values append in the order of the file names, not of the list', () => {
    const late = file('a.service.d/20.conf', '[Service]\nUser=three\nEnvironment=A=3\n');
    const early = file('a.service.d/10.conf', '[Service]\nUser=two\nEnvironment=A=2\n');
    expect(values([late, main, early], 'a.service', 'Service', 'Environment')).toEqual(['A=1', 'A=2', 'A=3']);
    expect(values([late, main, early], 'a.service', 'Service', 'User')?.at(-1)).toBe('three');
  });

  test('an empty assignment drops what came before it', () => {
    const reset = file('a.service.d/x.conf', '[Service]\nExecStart=\nExecStart=/new\n');
    expect(values([main, reset], 'a.service', 'Service', 'ExecStart')).toEqual(['/new']);
    expect(values([main], 'a.service', 'Service', 'ExecStart')).toEqual(['/old']);
  });

  test('dependencies are never dropped', () => {
    const reset = file('a.service.d/x.conf', '[Unit]\nAfter=\nAfter=y.service\n');
    expect(values([main, reset], 'a.service', 'Unit', 'After')).toEqual(['x.service', 'y.service']);
  });

  test('a file without .conf, or of another unit, does not count', () => {
    const others = [file('a.service.d/x.txt', '[Service]\nUser=no'), file('b.service.d/x.conf', '[Service]\nUser=no')];
    expect(values([main, ...others], 'a.service', 'Service', 'User')).toEqual(['one']);
  });

  test('an instance takes its template, and its own drop-in beats one of the same name', () => {
    const units = [
      file('x@.service', '[Service]\nMemoryMax=1G\n'),
      file('x@.service.d/limit.conf', '[Service]\nMemoryMax=2G\n'),
      file('x@a.service.d/limit.conf', '[Service]\nMemoryMax=8G\n'),
    ];
    expect(values(units, 'x@a.service', 'Service', 'MemoryMax')).toEqual(['1G', '8G']);
    expect(values(units, 'x@b.service', 'Service', 'MemoryMax')).toEqual(['1G', '2G']);
  });

  test('drop-ins of a dashed prefix and of the whole type count too', () => {
    const units = [
      file('jarvis-bot.service', '[Service]\nNice=1\n'),
      file('jarvis-.service.d/b.conf', '[Service]\nNice=2\n'),
      file('service.d/c.conf', '[Service]\nNice=3\n'),
    ];
    expect(values(units, 'jarvis-bot.service', 'Service', 'Nice')).toEqual(['1', '2', '3']);
  });

  test('what no file makes is null', () => {
    expect(effectiveUnit([main], 'b.service')).toBeNull();
  });

  test('TimeoutSec counts as both timeouts', () => {
    const unit = effective('a.service', [file('a.service', '[Service]\nTimeoutStopSec=1\nTimeoutSec=7\n')]);
    expect(assigned(unit, 'Service', 'TimeoutStopSec').at(-1)?.value).toBe('7');
    expect(assigned(unit, 'Service', 'TimeoutStartSec').at(-1)?.value).toBe('7');
  });
});
