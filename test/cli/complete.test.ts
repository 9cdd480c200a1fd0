import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Command } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterBreak, bashWords } from '../../src/cli/complete/bash-line.ts';
import { complete } from '../../src/cli/complete/complete.ts';
import { keysIn } from '../../src/cli/complete/keys.ts';
import { keepGenerations, keepNames, knownGenerations, namesIn } from '../../src/cli/complete/names.ts';
import { readNames } from '../../src/cli/complete/read-names.ts';
import type { CliContext } from '../../src/cli/context.ts';
import { program, runCommandLine } from '../../src/cli/program.ts';
import { generationId, hostName } from '../../src/model/ids.ts';
import type { HostOutcome } from '../../src/model/outcome.ts';

const fleet = program({ stdout: new PassThrough(), stderr: new PassThrough() } as unknown as CliContext, () => {});
const NAMES: Record<string, readonly string[]> = {
  ...{ host: ['web1', 'web2', 'db1'], group: ['vps'], app: ['jarvis'], unit: ['jarvis.service'], key: ['TOKEN'] },
  ...{ instance: ['alice', 'bob'], channel: ['ops'], place: ['web1', 'jarvis'] },
};

/** The line up to the cursor, which stands at its end. */
async function at(line: string, tree = fleet) {
  const typed = line.split(' ');
  const found = await complete(tree, typed.slice(0, -1), typed.at(-1) ?? '', async (kind, { hosts, apps }) =>
    (kind === 'generation' ? [[...hosts, ...apps].join('+')] : (NAMES[kind] ?? [])).map((word) => ({
      word,
      about: '',
    })),
  );
  return found.paths === null ? found.words.map(({ word }) => word) : [`:${found.paths}`];
}

describe('what could stand at the cursor', () => {
  it('is a command first, also behind flags and what they take', async () => {
    expect(await at('')).toEqual(expect.arrayContaining(['deploy', 'check', 'completion', 'help']));
    expect(await at('sta')).toEqual(['start', 'status']);
    expect(await at('restart jarvis.service jar')).toEqual(['jarvis.service']);
    expect(await at('-C deploy --host web1 stat')).toEqual(['status']);
    expect(await at('help hi')).toEqual(['history']);
    expect(await at('env set T')).toEqual(['TOKEN']);
    expect(await at('env ')).toEqual(['list', 'set', 'unset']);
    expect((await at('')).filter((word) => word.startsWith('_'))).toEqual([]);
  });

  it('is a flag of that command, each once but for those that repeat', async () => {
    expect(await at('rollback --k')).toEqual(['--keep-data']);
    expect(await at('deploy --k')).toEqual([]);
    expect(await at('deploy --host web1 --ho')).toEqual(['--host']);
    expect(await at('deploy --all --al')).toEqual([]);
    expect(await at('-C x --hos')).toEqual(['--host']);
    expect(await at('deploy ')).toEqual(expect.arrayContaining(['-C', '--host', '--json', '--help']));
  });

  it('is what the flag or the argument names in its angles, or its choices', async () => {
    expect(await at('deploy --host ')).toEqual(['web1', 'web2', 'db1']);
    expect(await at('deploy --host=w')).toEqual(['--host=web1', '--host=web2']);
    expect(await at('--group ')).toEqual(['vps']);
    expect(await at('deploy --app j')).toEqual(['jarvis']);
    expect(await at('health --format n')).toEqual(['nagios']);
    expect(await at('completion ')).toEqual(['bash', 'zsh', 'fish']);
    expect(await at('rollback --host web1 --app=jarvis --to ')).toEqual(['web1+jarvis']);
    expect(await at('deploy --identity ')).toEqual([':file']);
    expect(await at('init ')).toEqual([':dir']);
    expect(await at('init x y')).toEqual([]);
    expect(await at('lock --hold ')).toEqual([]);
    expect(await at('instances stop al')).toEqual(['alice']);
    expect(await at('instances stop alice b')).toEqual(['bob']);
    expect(await at('notify ')).toEqual(['ops']);
    expect(await at('pause w')).toEqual(['web1']);
  });

  it('needs no list of its own: a command that is new is completed', async () => {
    const tree = new Command('fleet');
    tree
      .command('logs')
      .argument('<unit>')
      .option('--since <time>')
      .option('--deep <depth>', 'x')
      .option('--on <host>');
    expect(await at('', tree)).toContain('logs');
    expect(await at('logs ', tree)).toEqual(['jarvis.service']);
    expect(await at('logs --on d', tree)).toEqual(['db1']);
    expect(await at('logs --s', tree)).toEqual(['--since']);
  });

  it('is never an error, whatever was typed', async () => {
    const word = fc.constantFrom('deploy', '-C', '--host', '--host=', '--', '-', '=', 'x', '--to', '--full=', '', '-v');
    await fc.assert(fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (all) => void (await at(all.join(' ')))));
  });
});

describe('a line of bash', () => {
  it('is words without their quotes, the last one as far as it is typed', () => {
    expect(bashWords(`fleet -C "my app" --host 'a b' c\\ d `)).toEqual([
      'fleet',
      '-C',
      'my app',
      '--host',
      'a b',
      'c d',
      '',
    ]);
    expect(bashWords('fleet --host=w')).toEqual(['fleet', '--host=w']);
    expect(bashWords('fleet "open')).toEqual(['fleet', 'open']);
  });

  it('has what stands behind the last break put in', () => {
    expect(afterBreak('--host=web1', '--host=w', '=:')).toBe('web1');
    expect(afterBreak('--host=web1', '--host=w', '')).toBe('--host=web1');
    expect(afterBreak('bot@1.service', 'bot@', '@=:')).toBe('@1.service');
    expect(afterBreak('--x=bot@1', '--x=bot@', '@=:')).toBe('@1');
    expect(afterBreak('web1', 'w', '=:')).toBe('web1');
  });
});

describe('names of a project', () => {
  const make = () => {
    const home = mkdtempSync(join(tmpdir(), 'fleet-names-'));
    const dir = join(home, 'project');
    const write = (path: string, text: string, age = 60) => {
      mkdirSync(join(dir, path, '..'), { recursive: true });
      writeFileSync(join(dir, path), text);
      const then = Date.now() / 1000 - age;
      utimesSync(join(dir, path), then, then);
    };
    write('inventory/hosts.yaml', 'groups: { vps: {} }\nhosts: { web1: {}, db1: {} }\n');
    write('playbooks/app.yaml', 'name: app\ntasks: [{ units: { from: units, enable: [app.timer] } }]\n');
    write('units/app.service', '[Service]\n');
    const invoker = { env: {}, cwd: dir, home, user: 'it' };
    return { dir, invoker, write, [Symbol.dispose]: () => rmSync(home, { recursive: true }) };
  };

  it('are read once, and again when a file has changed, is new or has gone', async () => {
    using it = make();
    let reads = 0;
    const names = () =>
      keepNames(it.dir, it.invoker, async (before) => {
        reads += 1;
        return readNames(it.dir, before);
      });
    const first = {
      hosts: ['db1', 'web1'],
      groups: ['vps'],
      apps: ['app'],
      units: ['app.service', 'app.timer'],
      ...{ instances: [], channels: [], keys: [], envFiles: [], folders: ['units'] },
    };
    expect([await names(), await names(), reads]).toEqual([first, first, 1]);
    it.write('inventory/hosts.yaml', 'hosts: { web9: {}, db9: {} }\n', 30);
    expect([(await names()).hosts, reads]).toEqual([['db9', 'web9'], 2]);
    it.write('playbooks/more.yaml', 'name: more\n');
    expect([(await names()).apps, reads]).toEqual([['app', 'more'], 3]);
    it.write('units/extra.socket', '');
    expect([(await names()).units, reads]).toEqual([['app.service', 'app.timer', 'extra.socket'], 4]);
    await names();
    expect(reads).toBe(4);
  });

  it('have instances and channels, and units that can be named: no bare template', async () => {
    using it = make();
    it.write('inventory/notify.yaml', 'notify: { ops: { ntfy: {} }, mail: { mail: {} } }\n');
    it.write(
      'playbooks/bots.yaml',
      'name: bots\ntasks: [{ units: { from: bots } }, { instances: { of: bot@.service, names: [alice, bob] } }]\n',
    );
    it.write('bots/bot@.service', '[Service]\n');
    const names = await readNames(it.dir, null);
    expect(names).toMatchObject({ instances: ['alice', 'bob'], channels: ['mail', 'ops'] });
    expect(names.units).toEqual(['app.service', 'app.timer', 'bot@alice.service', 'bot@bob.service']);
    // A list that hosts have is not known here.
    it.write(
      'playbooks/bots.yaml',
      'name: bots\ntasks: [{ instances: { of: bot@.service, names: "{{ bots }}" } }]\n',
      30,
    );
    expect((await readNames(it.dir, null)).instances).toEqual(['{{ bots }}']);
  });

  it('have keys that playbooks require and env files hold, none of a file with errors', async () => {
    using it = make();
    it.write('playbooks/app.yaml', 'name: app\ntasks: [{ env: { from: secrets/a.env, required: [NEEDED] } }]\n');
    it.write('secrets/a.env', "A=1\nKEY='-----BEGIN\nnot_a_key=x'\n");
    const keys = async () => keysIn(it.dir, await readNames(it.dir, null));
    expect(await keys()).toEqual(['A', 'KEY', 'NEEDED']);
    it.write('secrets/a.env', "A=1\nKEY=-----BEGIN\nnot_a_key=x'\n");
    expect(await keys()).toEqual(['NEEDED']);
  });

  it('are there as far as files can be read, and start no program: what one said before is kept', async () => {
    using it = make();
    it.write('inventory/broken.yaml', 'hosts: { a: [\n');
    it.write('inventory/list.sh', '#!/bin/sh\ntouch started\n');
    const before = await namesIn(it.dir, { hosts: ['dynamic1'], groups: ['cloud'], channels: ['ops'] }, []);
    const names = await readNames(it.dir, before);
    expect(names).toMatchObject({ hosts: ['db1', 'dynamic1', 'web1'], groups: ['cloud', 'vps'], apps: ['app'] });
    expect(names.channels).toEqual(['ops']);
    expect((await readNames(it.dir, null)).hosts).toEqual(['db1', 'web1']);
  });

  it('have the generations that runs have told of, by host and app, the newest first', async () => {
    using it = make();
    const tell = (host: string, app: string, outcome: HostOutcome) => {
      const hosts = [{ host: hostName(host), app, outcome, durationMs: 1 }];
      return keepGenerations(it.dir, it.invoker, { command: 'x', exitCode: 0, hosts });
    };
    const known = (hosts: readonly string[] = [], apps: readonly string[] = []) =>
      knownGenerations(it.dir, it.invoker, { hosts, apps });
    expect(await known()).toEqual([]);
    for (const n of [9, 10]) await tell('web1', 'app', { end: 'deployed', generation: generationId(n) });
    await tell('db1', 'app', { end: 'unchanged', generation: generationId(3) });
    expect([await known(), await known(['web1']), await known([], ['none'])]).toEqual([[10, 9, 3], [10, 9], []]);
    await tell('web1', 'app', { end: 'removed' });
    expect(await known()).toEqual([3]);
  });

  it('that could be taken for something else on a line are not offered', async () => {
    using it = make();
    it.write('inventory/hosts.yaml', 'hosts: { "$(touch x)": {}, "a b": {}, "\\e[2J": {}, fine: {} }\n');
    let said = '';
    const stdout = new PassThrough({ encoding: 'utf8' }).on('data', (text: string) => {
      said += text;
    });
    const context = { stdout, stderr: stdout, invoker: it.invoker } as unknown as CliContext;
    expect(await runCommandLine(['__complete', 'fish', 'deploy', '--host', ''], context)).toBe(0);
    expect(said).toBe('fine\n');
    said = '';
    expect(await runCommandLine(['__complete', 'bash', 'fleet -C /none status --host ', '=:'], context)).toBe(0);
    expect(said).toBe('');
  });
});
