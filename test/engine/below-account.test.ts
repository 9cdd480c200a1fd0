import { describe, expect, it } from 'vitest';
import { withKeptEnv } from '../../src/engine/plan/below-account.ts';
import { layout } from '../tasks/rig.ts';

const home = { ...layout, root: '/home/jarvis/Jarvis', current: '/home/jarvis/Jarvis/current' };
const of = (text: string) => withKeptEnv([{ path: 'a.service', text }], home, 'jarvis');

describe('a root below a folder of an account', () => {
  it.each([
    ['EnvironmentFile=/home/jarvis/Jarvis/.env', 'EnvironmentFile=/var/lib/fleet/jarvis/env'],
    ['EnvironmentFile = -/home/jarvis/Jarvis/current/.env ', 'EnvironmentFile = -/var/lib/fleet/jarvis/env '],
  ])('has systemd read its settings from fleet’s own folder: %s', (line, kept) => {
    expect(of(`[Service]\n${line}\nUser=jarvis\n`)).toEqual({
      units: [{ path: 'a.service', text: `[Service]\n${kept}\nUser=jarvis\n` }],
      warnings: [],
    });
  });

  it.each([
    'EnvironmentFile=/home/jarvis/Jarvis/more.env',
    'LoadCredential=key:/home/jarvis/Jarvis/key',
    'StandardOutput=append:/home/jarvis/Jarvis/logs/out.log',
  ])('is warned of what else systemd opens there: %s', (line) => {
    const { units, warnings } = of(line);
    expect(units[0]?.text).toBe(line);
    expect(warnings).toEqual([expect.stringContaining('as root, and jarvis can turn it elsewhere')]);
  });

  it.each([
    'ExecStart=/home/jarvis/Jarvis/current/x',
    'EnvironmentFile=/etc/default/jarvis',
    '# EnvironmentFile=/home/jarvis/Jarvis/.env',
  ])('leaves the rest alone: %s', (line) =>
    expect(of(line)).toEqual({ units: [{ path: 'a.service', text: line }], warnings: [] }),
  );
});
