import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyProject, fleetProject, type Project } from './fleet.ts';
import { type Hosts, startHosts } from './rig/index.ts';

const HOSTS = 'hosts: { a: { address: 192.0.2.1 } }\n';
const PLAYBOOK = { name: 'app', root: '/opt/app', hosts: ['a'], tasks: [{ env: { from: 'secrets/app.env' } }] };

/** A project that is right, and the means to spoil it. */
function project(): Project {
  const made = emptyProject();
  made.write('inventory/hosts.yaml', HOSTS);
  made.playbook(PLAYBOOK);
  made.env({ KEY: 'value' });
  return made;
}
const pipe = (made: Project, path: string) => {
  made.remove(path);
  execFileSync('mkfifo', [join(made.folder, path)]);
};
const program = (made: Project, path: string, body: string) => {
  made.write(path, `#!/bin/sh\n${body}\n`);
  chmodSync(join(made.folder, path), 0o755);
};

/** `fleet check`, with the time that it took. */
async function check(made: Project) {
  const begun = Date.now();
  const ended = await made.human('check');
  return { ...ended, ms: Date.now() - begun };
}

describe("the operator's own files and programs", () => {
  it('are read where they are right', async () => {
    await using made = project();
    expect(await check(made)).toMatchObject({ code: 0, stdout: expect.stringContaining('ok: 1 app on ') });
  });

  it('that name one machine twice are told so, with both places', async () => {
    await using made = project();
    made.write('inventory/more.yaml', 'hosts:\n  twin: { address: WEB }\n  web: {}\n');
    const { code, stderr } = await check(made);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(
        /^warning: inventory\/more\.yaml:3:3: web is .* twin \(inventory\/more\.yaml:2:3\)/,
      ),
    });
  });

  it.each([
    ['a playbook', 'playbooks/app.yaml', 'this is a named pipe'],
    ['an inventory', 'inventory/hosts.yaml', 'this is a named pipe'],
    ['an env file', 'secrets/app.env', 'secrets/app.env is a named pipe'],
  ])('that are pipes are refused and not waited for: %s', async (_name, path, says) => {
    await using made = project();
    pipe(made, path);
    const { code, stderr, ms } = await check(made);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(says) });
    expect(stderr).toContain(path);
    expect(stderr).toContain('regular file');
    expect(ms).toBeLessThan(8000);
  });

  it.each(['playbooks/app.yaml', 'inventory/hosts.yaml', 'secrets/app.env'])(
    'that have no end are refused: %s as a link to /dev/zero',
    async (path) => {
      await using made = project();
      made.remove(path);
      symlinkSync('/dev/zero', join(made.folder, path));
      const { code, stderr } = await check(made);
      expect(code).toBe(2);
      expect(stderr).toContain('is a device, not a file');
      expect(stderr).toContain(path);
      expect(stderr).not.toContain('internal error');
    },
  );

  it('that leave something running with their output are named, and not waited for', async () => {
    await using made = project();
    program(made, 'inventory/cloud', `echo '{"all":{"hosts":["b"]}}'; sleep 40 & echo $! >"$0.pid"`);
    const { code, stderr, ms } = await check(made);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('still holds its output open') });
    expect(stderr).toContain('inventory/cloud');
    expect(ms).toBeLessThan(8000);
    process.kill(Number(readFileSync(join(made.folder, 'inventory/cloud.pid'), 'utf8')), 'SIGKILL');

    // The control: what lets go of it may stay.
    program(made, 'inventory/cloud', `echo '{"all":{"hosts":["b"]}}'; sleep 40 >/dev/null & echo $! >"$0.pid"`);
    const well = await check(made);
    expect({ code: well.code, stderr: well.stderr }).toEqual({ code: 0, stderr: '' });
    expect(well.ms).toBeLessThan(8000);
    process.kill(Number(readFileSync(join(made.folder, 'inventory/cloud.pid'), 'utf8')), 'SIGKILL');

    made.remove('inventory/cloud');
    made.playbook({
      ...PLAYBOOK,
      tasks: [{ env: { from: { command: ['sh', '-c', 'echo K=v; sleep 40 & echo $! >pid'] } } }],
    });
    const secret = await check(made);
    expect({ code: secret.code, stderr: secret.stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/the command sh for this secret ended with exit code 0, but something/),
    });
    process.kill(Number(readFileSync(join(made.folder, 'pid'), 'utf8')), 'SIGKILL');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'leave the process at once on %s, with all that was started',
    async (signal) => {
      await using made = project();
      program(made, 'inventory/cloud', 'sleep 47 & echo $! >"$0.pid"; echo $$ >"$0.own"; wait');
      const { child, ended } = made.start(['deploy', '--all']);
      const file = join(made.folder, 'inventory/cloud.own');
      await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8') !== '', { timeout: 10_000 }).toBe(true);
      const begun = Date.now();
      child.kill(signal);
      expect(await ended).toMatchObject({ code: 130, stderr: 'fleet: stopped; no host was contacted\n' });
      expect(Date.now() - begun).toBeLessThan(2000);
      for (const name of ['pid', 'own']) {
        const pid = readFileSync(join(made.folder, `inventory/cloud.${name}`), 'utf8').trim();
        await expect
          .poll(() => existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
          .toBeFalsy();
      }
    },
  );
});

describe('the sudo password in the environment', () => {
  let hosts: Hosts<{ web: 'plain' }>;
  beforeAll(async () => {
    hosts = await startHosts({ web: 'plain' });
    await hosts.web.out('chpasswd', { stdin: 'pwsudo:correct horse battery\n' });
  });
  afterAll(() => hosts?.[Symbol.asyncDispose]());

  it('reaches none of the programs that are started here', async () => {
    await using made = await fleetProject({
      hosts: { web: { host: hosts.web, fields: { user: 'pwsudo' } } },
      playbook: {
        ...{ name: 'quiet', root: '/opt/quiet', hosts: ['web'] },
        tasks: [
          { sync: { from: 'app' } },
          { env: { from: { command: ['./witness', 'secret', 'echo', 'KEY=value'] } } },
        ],
      },
      // So much that rsync is worth its while.
      files: { 'app/VERSION': '1\n', 'app/much': 'much'.repeat(5 << 18) },
    });
    // Each tells what it was given, and then is the real program.
    const seen = join(made.home, 'seen');
    execFileSync('mkdir', ['-p', seen, join(made.home, 'bin')]);
    const witness = `env >"${seen}/$1.$$"; shift; exec "$@"`;
    program(made, 'witness', witness);
    program(made, 'inventory/cloud', `env >"${seen}/inventory.$$"; echo '{}'`);
    for (const name of ['git', 'ssh', 'rsync']) {
      const real = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
      made.write(`bin/${name}`, `#!/bin/sh\nexec "${made.folder}/witness" ${name} ${real} "$@"\n`);
      chmodSync(join(made.folder, 'bin', name), 0o755);
    }
    const run = made.start(['deploy', '--all'], {
      FLEET_BECOME_PASSWORD: 'correct horse battery',
      CONTROL: 'is handed on',
      PATH: `${made.folder}/bin:${process.env.PATH}`,
    });
    const { code, stdout, stderr } = await run.ended;
    // That the password was used, a wrong one shows.
    expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
    const told = readdirSync(seen).map((name) => ({ name, env: readFileSync(join(seen, name), 'utf8') }));
    const kinds = new Set(told.map(({ name }) => name.split('.')[0]));
    expect([...kinds].sort()).toEqual(['git', 'inventory', 'rsync', 'secret', 'ssh']);
    for (const { name, env } of told) {
      expect(env, name).toContain('CONTROL=is handed on');
      expect(env, name).not.toContain('horse');
      expect(env, name).not.toContain('FLEET_BECOME_PASSWORD');
    }
    const wrong = made.start(['status', '--all'], { FLEET_BECOME_PASSWORD: 'another', PATH: `${process.env.PATH}` });
    expect((await wrong.ended).code).toBe(3);
  });
});
