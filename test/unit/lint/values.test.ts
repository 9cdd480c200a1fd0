import { describe, expect, it } from 'vitest';
import { kindOf } from '../../../src/unit/directives/directives.ts';

const takes = (key: string, value: string) => kindOf('Service', key)?.takes(value);

// Both lists were given to systemd-analyze verify of systemd 252.
describe('values', () => {
  it.each([
    ['MemoryMax', '512M 1.5G 4G infinity 50% 12.5% 100%'],
    ['CPUQuota', '90% 200% 12.5%'],
    ['TasksMax', '100 10% infinity'],
    ['LimitNOFILE', '1024 1024:2048 infinity'],
    ['LimitCORE', '0 infinity 1G'],
    ['RestartSec', '0 8 1.5 5min 1h30m infinity'],
    ['UMask', '0027 77'],
    ['Nice', '-20 19'],
    ['CPUSchedulingPolicy', 'fifo idle'],
    ['PrivateTmp', 'yes off 1'],
    ['ProtectHome', 'read-only tmpfs true'],
    ['KillSignal', 'SIGTERM TERM 15'],
  ])('of %s= that systemd takes are taken: %s', (key, values) => {
    expect(values.split(' ').filter((value) => !takes(key, value))).toEqual([]);
  });

  it.each([
    ['MemoryMax', '4GB 1g 0 0% 200% x'],
    ['CPUQuota', '90 0% 12.555%'],
    ['TasksMax', '0 1K 200%'],
    ['LimitNOFILE', '1x 1K'],
    ['RestartSec', '5minuts -1 x'],
    ['UMask', '99 x'],
    ['Nice', '-21 20'],
    ['CPUSchedulingPolicy', 'fast'],
    ['PrivateTmp', 'maybe 2'],
    ['ProtectHome', 'readonly'],
    ['KillSignal', 'SIGFOO 0'],
  ])('of %s= that systemd drops are not: %s', (key, values) => {
    expect(values.split(' ').filter((value) => takes(key, value))).toEqual([]);
  });
});
