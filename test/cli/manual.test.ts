import { execFileSync, spawnSync } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { CliContext } from '../../src/cli/context.ts';
import { manualPages } from '../../src/cli/manual.ts';
import { program } from '../../src/cli/program.ts';

const fleet = program({ stdout: new PassThrough(), stderr: new PassThrough() } as unknown as CliContext, () => {});
const pages = manualPages(fleet, '1.2.3', 'November 29, 2026');
const page = (name: string) => pages.find((one) => one.name === name)?.text ?? '';
const shown = (text: string) =>
  execFileSync('mandoc', ['-Tascii', '-Owidth=80'], { input: text, encoding: 'utf8' }).replace(/.\x08/g, '');
const lint = (text: string) => spawnSync('mandoc', ['-Tlint', '-W', 'style'], { input: text, encoding: 'utf8' }).stdout;

describe('manual pages', () => {
  it('are there for fleet, and for each command that is shown', () => {
    const names = fleet.commands.map((one) => one.name()).filter((name) => !name.startsWith('_'));
    expect(pages.map(({ name }) => name)).toEqual(['fleet.1', ...names.map((name) => `fleet-${name}.1`)]);
  });

  it.each(pages.map(({ name, text }) => [name, text]))('%s is clean', (name, text) => {
    // What they refer to are pages of ours that are not installed here.
    const found = lint(text)
      .split('\n')
      .filter((line) => line !== '' && !/referenced manual not found/.test(line));
    expect(found, name).toEqual([]);
  });

  it('and what is not clean would be seen', () => {
    expect(lint(page('fleet.1').replace('.Sh SYNOPSIS', '.Sh SYNOPSIS\n.Xx wrong'))).toMatch(/unknown macro/);
  });

  it('say what the help says, as a reader sees it', () => {
    const deploy = shown(page('fleet-deploy.1'));
    expect(deploy).toMatch(/fleet-deploy . Plan, apply|fleet-deploy . plan, apply/);
    expect(deploy).toMatch(/^ +--host host$/m);
    expect(deploy).toMatch(/^ +-y, --yes$/m);
    expect(page('fleet-restart.1')).toContain('\n.Ar unit ...\n');
    expect(shown(page('fleet-notify.1'))).toMatch(/\[channel \.\.\.\]/);
    expect(shown(page('fleet-ssh.1'))).toMatch(/\shost\s+\[command \.\.\.\]/);
    expect(shown(page('fleet.1'))).toMatch(/130 +Interrupted; every host/);
    expect(shown(page('fleet.1'))).toContain('fleet deploy --group vps');
  });
});
