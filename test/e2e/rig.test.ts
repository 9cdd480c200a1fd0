import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from './rig/docker.ts';
import { type Hosts, startHosts, type TestHost } from './rig/index.ts';

const wanted = { web: 'systemd', edge: 'plain', spare: 'plain', tiny: 'busybox' } as const;
let hosts: Hosts<typeof wanted>;

beforeAll(async () => {
  hosts = await startHosts(wanted);
});
afterAll(async () => {
  await hosts?.[Symbol.asyncDispose]();
});

/** Logs in as a user of the product would: with the OpenSSH client and strict host key checking. */
async function login(host: TestHost, user: string, command: string, stdin = '') {
  await using known = await temporaryFile(host.knownHosts);
  const options = ['-F', 'none', '-i', host.identityFile, '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes'];
  const trust = ['-o', `UserKnownHostsFile=${known.path}`, '-o', 'StrictHostKeyChecking=yes'];
  const target = ['-p', String(host.port), `${user}@${host.address}`, command];
  return await run('ssh', [...options, ...trust, ...target], { stdin, timeoutMs: 20_000 });
}

async function temporaryFile(content: string) {
  const folder = await mkdtemp(`${tmpdir()}/fleet-rig-`);
  const path = `${folder}/file`;
  await writeFile(path, content);
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

const names = ['web', 'edge', 'tiny'] as const;
const pid1Start = (host: TestHost) => host.out(`sed 's/.*) //' /proc/1/stat | cut -d' ' -f20`);

describe('every kind', () => {
  it.each(names)('%s lets all its users in by key, its host key is the announced one', async (name) => {
    for (const user of ['root', 'deploy', 'pwsudo', 'plainuser']) {
      expect(await login(hosts[name], user, 'id -un; hostname')).toMatchObject({
        code: 0,
        stdout: `${user}\n${name}\n`,
      });
    }
  });

  it('has host keys of its own, also next to a host of the same image', () => {
    const all = Object.values({ ...hosts }).flatMap((host) => host.hostKeys ?? []);
    expect(all).toHaveLength(2 * Object.keys(wanted).length);
    expect(new Set(all).size).toBe(all.length);
    expect(all.every((key) => /^(ssh|ecdsa)-\S+ AAAA\S+$/.test(key))).toBe(true);
  });

  it('publishes its port on the loopback address only', async () => {
    for (const name of names) {
      const published = await run('docker', ['port', hosts[name].id, '22']);
      expect(published.stdout.trim()).toBe(`127.0.0.1:${hosts[name].port}`);
      expect(await canListen('127.0.0.1', hosts[name].port)).toBe(false);
    }
  });

  it.each(names)('%s: the manifest shows a changed mode, content, link target and owner', async (name) => {
    const host = hosts[name];
    await host.writeFile("/srv/m/it's a file", 'one\n', 0o640);
    await host.out('ln -s a /srv/m/link; mkdir /srv/m/ignored; echo > /srv/m/ignored/x; mkfifo -m 600 /srv/m/pipe');
    const before = await host.manifest(['/srv/m', '/nowhere'], [/ignored/]);
    const sum = '2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806';
    expect(before).toEqual([
      '/srv/m dir 0755 0 0',
      `/srv/m/it's a file file 0640 0 0 ${sum}`,
      '/srv/m/link link 0777 0 0 -> a',
      '/srv/m/pipe fifo 0600 0 0',
    ]);
    for (const change of [
      `chmod 4640 "/srv/m/it's a file"`,
      'echo >> "/srv/m/it\'s a file"',
      'chown 1000 /srv/m/pipe',
    ]) {
      const was = await host.manifest(['/srv/m'], [/ignored/]);
      await host.out(change);
      expect(await host.manifest(['/srv/m'], [/ignored/])).not.toEqual(was);
    }
    await host.out('ln -sfn b /srv/m/link');
    expect(await host.manifest(['/srv/m/link'])).toEqual(['/srv/m/link link 0777 0 0 -> b']);
    await host.out('rm -rf /srv/m');
  });

  it.each(names)('%s tells of each command what it said, how it ended, and no more', async (name) => {
    const host = hosts[name];
    const said = await Promise.all(
      [1, 2, 3].map((n) => host.sh(`printf '\\n${n} é'; printf 'to err' >&2; cat; exit ${n}`)),
    );
    expect(said).toEqual([1, 2, 3].map((code) => ({ code, stdout: `\n${code} é`, stderr: 'to err' })));
    expect((await host.out('seq 200000')).length).toBe(1_288_894);
    expect(await host.sh('echo half; kill -9 $PPID; sleep 1')).toMatchObject({ code: 137, stdout: 'half\n' });
    await expect(host.sh('sleep 30', { timeoutMs: 300 })).rejects.toThrow('no end after 300 ms: sleep 30');
    await expect(host.sh('yes', { mostBytes: 1e6 })).rejects.toThrow('more than 1000000 bytes of output: yes');
    expect(await host.sh('true')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it.each(names)('%s keeps port, host keys and files over a reboot, and PID 1 and /run start anew', async (name) => {
    const host = hosts[name];
    const { port, hostKeys } = host;
    await host.out('echo kept > /var/kept; echo gone > /run/gone');
    const before = await pid1Start(host);
    await host.reboot();
    expect(await pid1Start(host)).not.toBe(before);
    expect(host).toMatchObject({ port, hostKeys });
    expect((await login(host, 'root', 'cat /var/kept; ls /run/gone')).stdout).toBe('kept\n');
  });

  it.each(names)('%s comes back after a power cut', async (name) => {
    const host = hosts[name];
    await host.kill();
    expect((await host.sh('true')).code).not.toBe(0);
    await host.start();
    expect((await login(host, 'deploy', 'echo back')).stdout).toBe('back\n');
  });

  it('answers nothing while paused and goes on afterwards', async () => {
    await hosts.edge.pause();
    const silent = login(hosts.edge, 'root', 'echo awake');
    const first = await Promise.race([silent, new Promise((done) => setTimeout(done, 500, 'silence'))]);
    expect(first).toBe('silence');
    await hosts.edge.unpause();
    expect((await silent).stdout).toBe('awake\n');
  });
});

describe('users and sudo', () => {
  it.each(['web', 'edge'] as const)(
    '%s: deploy without a password, pwsudo with one, plainuser not at all',
    async (name) => {
      const host = hosts[name];
      expect((await login(host, 'deploy', 'sudo -n id -u')).stdout).toBe('0\n');
      expect((await login(host, 'pwsudo', 'sudo -n id -u')).code).toBe(1);
      expect((await login(host, 'pwsudo', "sudo -S -p '' id -u", 'correct horse\n')).stdout).toBe('0\n');
      expect((await login(host, 'plainuser', 'sudo -n id -u')).code).toBe(1);
    },
  );
});

function canListen(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, address, () => server.close(() => resolve(true)));
  });
}
