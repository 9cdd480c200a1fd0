import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../../src/config/diagnostics/diagnostic.ts';
import { loadProject } from '../../../src/config/project.ts';
import { resolveTargets } from '../../../src/config/resolve.ts';
import { EVERYTHING } from '../../../src/config/select.ts';

const repository = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function project(files: Readonly<Record<string, string>>, copies: readonly (readonly [string, string])[] = []): string {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-lint-'));
  folders.push(folder);
  for (const [from, to] of copies) cpSync(repository(from), join(folder, to), { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text, { mode: 0o600 });
  }
  return folder;
}

/** All that `fleet check` has to say of a project. */
async function checked(dir: string) {
  const invoker = { env: {}, cwd: dir, home: dir, user: 'operator' };
  const loaded = await loadProject(dir, { invoker, sshConfigFile: 'none' });
  if (!loaded.ok) throw new Error(loaded.failure.map(formatDiagnostic).join('\n'));
  const resolved = await resolveTargets(loaded.value, EVERYTHING);
  if (!resolved.ok) return { errors: resolved.failure.map(formatDiagnostic), warnings: [], hints: [] };
  const { warnings, hints } = resolved.value;
  return { errors: [], warnings, hints };
}

const UNIT = '[Service]\nUser=app\nWorkingDirectory=/opt/app/current\nExecStart=/usr/bin/python3 main.py --port 8000\n';
const playbook = (name: string) =>
  `name: ${name}\nhosts: [h]\nroot: /opt/${name}\nuser: app\ntasks:\n  - units: { from: units/${name}, enable: [${name}.service] }\n`;
const HOSTS = { 'inventory/hosts.yaml': 'hosts: { h: { address: 127.0.0.1 } }\n' };

describe('fleet check', () => {
  it('has nothing to say of the project that comes with fleet', async () => {
    const examples = readdirSync(repository('secrets')).filter((name) => name.endsWith('.example'));
    const secrets = examples.map((name) => {
      const text = readFileSync(repository(`secrets/${name}`), 'utf8').replace(/=$/gm, '=abcdef');
      return [`secrets/${name.slice(0, -'.example'.length)}`, text] as const;
    });
    const copies = ['inventory', 'playbooks', 'units', 'test/apps'].map((path) => [path, path] as const);
    const found = await checked(project(Object.fromEntries(secrets), copies));
    expect(found).toEqual({ errors: [], warnings: [], hints: [] });
  });

  it('has nothing to say of the project that `fleet init` writes', async () => {
    const found = await checked(
      project(
        { 'secrets/app.env': 'GREETING=hello\n' },
        ['code', 'inventory', 'playbooks', 'units'].map((path) => [`src/cli/starter/${path}`, path] as const),
      ),
    );
    expect(found).toEqual({ errors: [], warnings: [], hints: [] });
  });

  it('names the place, the reason and the nearest key, and shows the line', async () => {
    const files = { ...HOSTS, 'playbooks/app.yaml': playbook('app'), 'units/app/app.service': `${UNIT}RestrtSec=5\n` };
    expect((await checked(project(files))).errors).toEqual([
      [
        'units/app/app.service:5:1: unknown key RestrtSec= in [Service] [key]',
        '  5 | RestrtSec=5',
        '    | ^^^^^^^^^^^',
        '  systemd logs a line, ignores the setting and starts the unit without it',
        '  did you mean "RestartSec"?',
      ].join('\n'),
    ]);
  });

  it('does not show a line that may hold a secret', async () => {
    const unit = `${UNIT}Environment=API_TOKEN=canary-value\n`;
    const files = { ...HOSTS, 'playbooks/app.yaml': playbook('app'), 'units/app/app.service': unit };
    const { errors } = await checked(project(files));
    expect(errors[0]).toMatch(
      /^units\/app\/app\.service:5:1: Environment= holds the secret API_TOKEN \[secret-in-unit\]/,
    );
    expect(errors.join()).not.toContain('canary');
  });

  it('says warnings of each place once, however many hosts they are for', async () => {
    const files = {
      'inventory/hosts.yaml': 'hosts: { h: { address: 127.0.0.1 }, i: { address: 127.0.0.2 } }\n',
      'playbooks/app.yaml': playbook('app').replace('[h]', '[h, i]'),
      'units/app/app.service': `${UNIT}ReadWritePaths=/var/lib/nobody-makes-it\n`,
    };
    const { warnings } = await checked(project(files));
    expect(warnings).toEqual([
      expect.stringMatching(/^units\/app\/app\.service:5: ReadWritePaths= opens .* \[missing-path\]: /),
    ]);
  });

  it('compares the apps of one host', async () => {
    const files = {
      ...HOSTS,
      'playbooks/app.yaml': playbook('app'),
      'playbooks/web.yaml': playbook('web'),
      'units/app/app.service': UNIT,
      'units/web/web.service': UNIT.replaceAll('/opt/app', '/opt/web'),
    };
    expect((await checked(project(files))).errors).toEqual([
      [
        'units/web/web.service:4:11: web.service listens on port 8000, as app.service of the app app does on the same host [port-conflict]',
        '  the one that starts second ends with "address already in use"; ports known here: 8000 app.service (app), web.service (web)',
        '  give one of them another port, for instance by a drop-in or a var of the host, or let the units name each other in Conflicts=',
      ].join('\n'),
    ]);
    const allowed = `# fleet: allow port-conflict\n${UNIT}`;
    for (const name of ['app', 'web'])
      expect(await checked(project({ ...files, [`units/${name}/${name}.service`]: allowed }))).toMatchObject({
        errors: [],
      });
  });

  it('compares the unit files of the apps of one host', async () => {
    const files = {
      ...HOSTS,
      'playbooks/app.yaml': playbook('app'),
      'playbooks/web.yaml': playbook('web'),
      'units/app/app.service': UNIT,
      'units/web/web.service': UNIT.replaceAll('/opt/app', '/opt/web').replace('8000', '8001'),
    };
    const shared = { ...files, 'units/web/app.service': UNIT };
    expect((await checked(project(shared))).warnings).toContainEqual(
      expect.stringMatching(/^units\/web\/app\.service: app\.service belongs to the app app too, .* full rollback/),
    );
    const twice = { ...files, 'units/web/app.service': `${UNIT}Nice=1\n` };
    expect((await checked(project(twice))).errors).toEqual([
      expect.stringMatching(
        /^units\/web\/app\.service: app\.service belongs to the app app too, on the same host \[same-unit\]/,
      ),
    ]);
  });
});
