import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { listenNotify, python, type Scratch, scratch, start } from './running-jarvis.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const text = (path: string) => readFileSync(join(repository, path), 'utf8');
const soon = { timeout: 5000, interval: 50 };

/** Python beside the modules that both programs have. */
const shared = (code: string, ...words: readonly string[]) =>
  spawnSync(python, ['-B', '-c', code, ...words], {
    cwd: join(repository, 'test/apps/xswarm/src/shared'),
    encoding: 'utf8',
  });

/** What both readers of TOML make of a text: JSON, or the line that they name. */
function readers(toml: string): string[] {
  const code = `
import json, sys, tomllib, plain_toml
for loads in (tomllib.loads, plain_toml.loads):
    try:
        print(json.dumps(loads(sys.argv[1])))
    except ValueError as error:
        print("line", str(error).split("at line ")[1].split(",")[0].rstrip(")"))`;
  return shared(code, toml).stdout.trim().split('\n');
}

/** A copy of the source, to be built. */
function checkout({ dir }: Scratch): (path: string) => string {
  cpSync(join(repository, 'test/apps/xswarm'), dir, { recursive: true });
  return (path) => join(dir, path);
}
const build = ({ dir }: Scratch) => {
  const env = { ...process.env, PATH: `${dirname(python)}:${process.env.PATH}` };
  return spawnSync('sh', ['build.sh'], { cwd: dir, env, encoding: 'utf8' });
};

const template = (values: Readonly<Record<string, string>>) =>
  text('units/xswarm/config/production.toml').replace(/\{\{ (\w+) \}\}/g, (_, name: string) => values[name] ?? '?');
const PRODUCTION = template({
  app: 'xswarm',
  host: 'h',
  max_concurrent_calls: '8',
  models: '',
  bridge_ports: '9998, 10000',
});

describe.concurrent('config.toml', () => {
  it('as it is shipped means the same to tomllib and to the reader for older Python', () => {
    const [theirs, ours] = readers(PRODUCTION);
    expect(JSON.parse(ours ?? '')).toEqual({
      voice: { bridge: { host: '127.0.0.1', max_concurrent_calls: 8 }, moshi: { models: '' } },
      dashboard: { host: '127.0.0.1', bridges: [9998, 10000] },
    });
    expect(ours).toBe(theirs);
  });

  it.each(['a = [1,, "x]', '[a]\nb = maybe', '# fine\n\nno sense', 'a = 1\na = 2\nb = 3', 'a = 1\n[a.b]\nc = 1'])(
    'that is broken is refused by both, with the same line: %j',
    (toml) => {
      const [theirs, ours] = readers(toml);
      expect(theirs).toMatch(/^line \d$/);
      expect(ours).toBe(theirs);
    },
  );

  it.each([
    ['[voice.bridge]\nmax_calls = 3', 'there is no setting voice.bridge.max_calls'],
    ['[voice.bridge]\nmax_concurrent_calls = "8"', "voice.bridge.max_concurrent_calls must be like 8, and is '8'"],
    ['[voice.bridge]\nmax_concurrent_calls = 0', 'max_concurrent_calls must be 1 or more'],
    ['[voice.moshi]\nmodels = "/nowhere"', 'there is no folder /nowhere'],
    ['[voice', 'is not valid TOML'],
  ])('%j is refused in words', (toml, words) => {
    using at = scratch();
    writeFileSync(join(at.dir, 'config.toml'), toml);
    const code = 'import sys, pathlib, config; config.read_config(pathlib.Path(sys.argv[1]))';
    expect(shared(code, join(at.dir, 'config.toml')).stderr).toContain(words);
  });
});

describe.concurrent('the build', () => {
  it('makes two programs that anybody may run, each knowing its version', () => {
    using at = scratch();
    const path = checkout(at);
    writeFileSync(path('VERSION'), '7.0.0\n');
    expect(build(at).stdout).toContain('built target/release/xswarm-voice 7.0.0 as ');
    for (const name of ['voice', 'dashboard'])
      expect((statSync(path(`target/release/xswarm-${name}`)).mode & 0o777).toString(8)).toBe('755');
    expect(execFileSync('ls', ['-A', path('target')], { encoding: 'utf8' })).toBe('release\n');
  });

  it('ends with the compiler’s own words, and without a program, when the source is broken', () => {
    using at = scratch();
    const path = checkout(at);
    writeFileSync(path('src/voice/bridge.py'), 'class Bridge:\n    def (self):\n');
    const { status, stderr } = build(at);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/src\/voice\/bridge\.py", line 2\n[\s\S]*SyntaxError: invalid syntax/);
    expect(existsSync(path('target/release'))).toBe(false);
  });
});

describe('the dashboard', () => {
  it('shows a bridge, tells systemd how many there are, and says 503 once the bridge is away', async () => {
    using at = scratch();
    const path = checkout(at);
    expect(build(at).status).toBe(0);
    const bridge = createServer((_request, response) => response.end('{"ok": true, "active": 3, "most": 8}'));
    bridge.listen(0, '127.0.0.1');
    await once(bridge, 'listening');
    const { port } = bridge.address() as AddressInfo;
    writeFileSync(path('config.toml'), `[dashboard]\nbridges = [${port}]\n`);
    const address = path('notify');
    await using systemd = await listenNotify(at, address);
    await using dashboard = start([path('target/release/xswarm-dashboard')], at.dir, {
      PORT: '0',
      NOTIFY_SOCKET: address,
    });
    const own = await dashboard.says(/port (\d+)/);
    const ask = (page: string) => fetch(`http://127.0.0.1:${own}${page}`);

    await systemd.says(/^READY=1 STATUS=Dashboard running \(1 of 1 voice bridges up, active calls: 3\)$/m);
    const health = await ask('/health');
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({ ok: true, bridges: { [port]: { active: 3, most: 8 } } });
    expect(await (await ask('/')).text()).toContain(`<td>${port}<td>up<td>3 of 8 calls`);

    bridge.closeAllConnections();
    bridge.close();
    await vi.waitFor(async () => expect((await ask('/health')).status).toBe(503), soon);
    expect(await (await ask('/')).text()).toContain(`<td>${port}<td>down<td>[Errno 111] Connection refused`);
    await systemd.says(/STATUS=Dashboard running \(0 of 1/);

    dashboard.signal('SIGTERM');
    expect(await dashboard.ended).toBe(0);
  });
});

describe('the files that ship it', () => {
  const groups = parse(text('inventory/hosts.yaml')).groups;
  const playbook = parse(text('playbooks/xswarm.yaml'));
  const ports = (names: readonly string[]) =>
    names.map((name) => /^PORT=(\d+)$/m.exec(text(`units/xswarm/settings/${name}.env`))?.[1]).join(', ');

  it('name the same ports in the inventory, the settings and the units', () => {
    const { instances, bridges, bridge_ports } = groups['xswarm-instances'].vars;
    expect(ports(instances)).toBe(bridge_ports);
    expect(bridges).toEqual(instances.map((name: string) => `xswarm-voice@${name}.service`));
    expect(text('units/xswarm/single/xswarm-voice.service')).toContain(`PORT=${playbook.vars.bridge_ports}\n`);
    expect(text('units/xswarm/base/xswarm-dashboard.service')).toContain('PORT=9999\n');
    expect(bridge_ports.split(', ')).not.toContain('9999');
  });

  it('name the same required key in the playbook, the example of the secrets and the program', () => {
    expect(text('playbooks/xswarm.yaml')).toContain('required: [XSWARM_API_TOKEN]');
    expect(text('secrets/xswarm.env.example').match(/^\w+(?==)/gm)).toEqual(['XSWARM_API_TOKEN']);
    expect(text('test/apps/xswarm/src/voice/__main__.py')).toContain('"XSWARM_API_TOKEN"');
  });

  it('hold one bridge and one of several alike, but for what makes an instance', () => {
    const settings = (path: string): readonly string[] => text(path).match(/^\w+=.*$/gm) ?? [];
    const single = settings('units/xswarm/single/xswarm-voice.service');
    const instance = settings('units/xswarm/instances/xswarm-voice@.service');
    expect(instance.filter((line) => !single.includes(line))).toEqual([
      'Description=xSwarm Voice Bridge, instance %i',
      'Before=xswarm-dashboard.service',
      'ExecStart=/opt/xswarm/current/target/release/xswarm-voice --instance %i',
      'SyslogIdentifier=xswarm-voice-%i',
    ]);
    expect(single.filter((line) => !instance.includes(line))).toEqual([
      'Description=xSwarm Voice Bridge',
      'Environment=PORT=9998',
      'ExecStart=/opt/xswarm/current/target/release/xswarm-voice',
      'SyslogIdentifier=xswarm-voice',
    ]);
    for (const profile of ['standard', 'latency', 'throughput']) {
      const of = (mode: string, unit: string) =>
        text(`units/xswarm/profile/${profile}/${mode}/${unit}.d/60-profile.conf`);
      expect(of('instances', 'xswarm-voice@.service')).toBe(of('single', 'xswarm-voice.service'));
    }
  });
});
