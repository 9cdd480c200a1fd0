import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { probeScript, splitProbe } from '../../src/host/call.ts';
import { PROGRAM, PROGRAM_NAME } from '../../src/host/program.ts';
import { wholeScript } from '../../src/transport/exec/script.ts';
import { SHELLS } from '../tasks/rig.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fleet-own-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** What a probe tells of the host; null where it told no end. */
function probed([shell = 'sh', ...words]: readonly string[], program: 'there' | 'sent', env: Record<string, string>) {
  const layout = { app: 'own', root, current: `${root}/current`, user: null, data: [] };
  const input = wholeScript(probeScript(layout, [], 'NONCE', [], program));
  const { stdout } = spawnSync(shell, [...words, '-s'], {
    input,
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', ...env },
  });
  // What is free changes under our hands.
  return splitProbe(stdout, [], 'NONCE')?.state.replaceAll(/^free-.*$/gm, '') ?? null;
}

function putProgram(text: string) {
  mkdirSync(join(root, '.fleet'));
  writeFileSync(join(root, '.fleet', PROGRAM_NAME), text);
}

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('a probe in %s', (_name, shell) => {
  const demo = () => ({ FLEET_DEMO_ROOT: root });

  it('by the program of the host tells what it does by the one that is sent', () => {
    expect(probed(shell, 'there', demo())).toBeNull();
    const sent = probed(shell, 'sent', demo());
    expect(sent).toMatch(/^active 0$/m);
    putProgram(PROGRAM);
    expect(probed(shell, 'there', demo())).toBe(sent);
  });

  it('tells no end by a program of which a part is missing', () => {
    putProgram(PROGRAM.slice(0, PROGRAM.length / 2));
    expect(probed(shell, 'there', demo())).toBeNull();
  });

  it.skipIf(process.getuid?.() !== 0)('does not run as root what lies in the app’s root', () => {
    putProgram(PROGRAM);
    expect(probed(shell, 'there', demo())).not.toBeNull();
    expect(probed(shell, 'there', {})).toBeNull();
    expect(probed(shell, 'there', { FLEET_DEMO_ROOT: `${root}x` })).toBeNull();
  });
});
