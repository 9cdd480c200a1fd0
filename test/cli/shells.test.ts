import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepGenerations } from '../../src/cli/complete/names.ts';
import { generationId, hostName } from '../../src/model/ids.ts';
import { buildCommand } from './built.ts';

const SHELLS = {
  bash: ['bash --norc --noprofile -i', 'eval "$(fleet completion bash)"'],
  zsh: ['zsh -f -i', 'autoload -U compinit; compinit -u; eval "$(fleet completion zsh)"'],
  fish: ['fish --no-config -i', 'fleet completion fish | source'],
} as const;

const home = mkdtempSync(join(tmpdir(), 'fleet-shells-'));
const project = join(home, 'project');
const typedFile = join(home, 'typed');
let built: Awaited<ReturnType<typeof buildCommand>>;

beforeAll(async () => {
  built = await buildCommand();
  const write = (path: string, text: string) => {
    mkdirSync(join(home, path, '..'), { recursive: true });
    writeFileSync(join(home, path), text);
  };
  write('project/inventory/hosts.yaml', 'groups: { vps: {}, boards: {} }\nhosts: { web1: {}, web2: {}, db1: {} }\n');
  write('project/inventory/notify.yaml', 'notify: { ops: { ntfy: {} } }\n');
  write(
    'project/playbooks/app.yaml',
    'name: jarvis\ntasks: [{ units: { from: units } }, { instances: { of: worker@.service, names: [alice, bob] } }]\n',
  );
  write('project/units/jarvis.service', '[Service]\n');
  write('project/units/worker@.service', '[Service]\n');
  write('project/keys/id_web', '');
  // Completion is fleet's own; what is entered is only written down.
  write(
    'bin/fleet',
    `#!/bin/sh\ncase $1 in __complete | completion) exec "${process.execPath}" "${built.file}" "$@" ;; esac\nprintf '%s\\n' "$@" >"${typedFile}.new"\nmv "${typedFile}.new" "${typedFile}"\n`,
  );
  chmodSync(join(home, 'bin/fleet'), 0o755);
  const hosts = [{ host: hostName('web1'), app: 'jarvis', durationMs: 1 }].map((one) => ({
    ...one,
    outcome: { end: 'deployed', generation: generationId(47) } as const,
  }));
  const invoker = { env: {}, cwd: project, home, user: 'it' };
  await keepGenerations(project, invoker, { command: 'deploy', exitCode: 0, hosts });
}, 60_000);
afterAll(async () => {
  await built[Symbol.asyncDispose]();
  rmSync(home, { recursive: true });
});

/** A shell on a terminal. */
function openShell(shell: keyof typeof SHELLS) {
  const [command, setUp] = SHELLS[shell];
  const env = {
    HOME: home,
    PATH: `${join(home, 'bin')}:${process.env.PATH}`,
    TERM: 'xterm',
    LANG: 'C.UTF-8',
    PS1: '> ',
  };
  const child: ChildProcessWithoutNullStreams = spawn(
    'script',
    ['-qfec', `stty cols 200; exec ${command}`, '/dev/null'],
    {
      cwd: project,
      env: { ...env, SHELL: '/bin/sh' },
    },
  );
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown = (shown + text).slice(-65_536);
  });
  const until = async (what: string, there: () => boolean) => {
    for (const end = Date.now() + 60_000; !there(); await sleep(20))
      if (Date.now() > end) throw new Error(`${shell}: ${what}; on the terminal:\n${shown}`);
  };
  /** What is on the terminal since then, without colours and movements. */
  const since = (start: number) => shown.slice(start).replace(/\x1b(\[[\d;?>]*[A-Za-z]|[()][A-Z0-9]|[=>])/g, '');
  return {
    async ready() {
      child.stdin.write(`${setUp}; echo is'-'ready\n`);
      await until('it did not start', () => shown.includes('is-ready'));
    },
    /** Types a line, and enters it: what the command was called with. */
    async enter(keys: string): Promise<readonly string[]> {
      rmSync(typedFile, { force: true });
      child.stdin.write(keys);
      await sleep(300);
      child.stdin.write('\n');
      await until(`${JSON.stringify(keys)} was not run`, () => existsSync(typedFile));
      return readFileSync(typedFile, 'utf8').trimEnd().split('\n');
    },
    /** Types, presses TAB as people do until all of this is on the terminal, and takes the line away. */
    async shows(keys: string, words: readonly string[]) {
      const start = shown.length;
      child.stdin.write(keys);
      let pressed = 0;
      await until(`${JSON.stringify(keys)} does not show ${words}`, () => {
        if (words.every((word) => since(start).includes(word))) return true;
        if (Date.now() - pressed > 2000) {
          child.stdin.write('\t');
          pressed = Date.now();
        }
        return false;
      });
      // A key like any other: an interrupt may come before or after what was typed around it.
      child.stdin.write('\x15');
    },
    async [Symbol.asyncDispose]() {
      const ended = new Promise((done) => child.once('close', done));
      child.stdin.write('\x03');
      child.stdin.write('exit\n');
      const killer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(killer);
    },
  };
}

describe.each(['bash', 'zsh', 'fish'] as const)('%s', (shell) => {
  it('completes commands, flags, names, units, generations and paths', { timeout: 180_000 }, async () => {
    await using at = openShell(shell);
    await at.ready();
    expect(await at.enter('fleet roll\t--keep\t')).toEqual(['rollback', '--keep-data']);
    expect(await at.enter('fleet deploy --host db\t--app j\t--group vp\t')).toEqual([
      ...['deploy', '--host', 'db1', '--app', 'jarvis', '--group', 'vps'],
    ]);
    expect(await at.enter(`fleet -C ${project} status --host=d\t`)).toEqual(['-C', project, 'status', '--host=db1']);
    expect(await at.enter('fleet rollback --host web1 --to 4\t')).toEqual(['rollback', '--host', 'web1', '--to', '47']);
    expect(await at.enter('fleet plan --identity keys/id\t')).toEqual(['plan', '--identity', 'keys/id_web']);
    expect(await at.enter('fleet health --format pro\t')).toEqual(['health', '--format', 'prometheus']);
    expect(await at.enter('fleet restart jar\tworker@al\t')).toEqual([
      'restart',
      'jarvis.service',
      'worker@alice.service',
    ]);
    expect(await at.enter('fleet instances stop al\t')).toEqual(['instances', 'stop', 'alice']);
    expect(await at.enter('fleet notify op\t')).toEqual(['notify', 'ops']);
    // One half is typed, and several could follow.
    expect(await at.enter('fleet deploy --host we\t1')).toEqual(['deploy', '--host', 'web1']);
    await at.shows('fleet deploy --host we', ['web1', 'web2']);
    // Nothing fits: the line stays as it is.
    expect(await at.enter('fleet deploy --host none\t')).toEqual(['deploy', '--host', 'none']);
  });
});
