import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { formatDiagnostic } from '../../src/config/diagnostics/diagnostic.ts';
import { loadProject } from '../../src/config/project.ts';
import { resolveTargets } from '../../src/config/resolve.ts';
import { EVERYTHING } from '../../src/config/select.ts';
import { KEYS, runPython } from './running-jarvis.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const text = (path: string) => readFileSync(join(repository, path), 'utf8');
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

type Host = { readonly groups?: readonly string[]; readonly vars?: Readonly<Record<string, unknown>> };

/** The shipped playbook, units and groups, for other hosts; what `fleet check` would say of it. */
async function shippedFor(hosts: Readonly<Record<string, Host>>) {
  const dir = mkdtempSync(join(tmpdir(), 'fleet-jarvis-project-'));
  folders.push(dir);
  for (const path of ['units/jarvis', 'playbooks/jarvis.yaml', 'test/apps/jarvis'])
    cpSync(join(repository, path), join(dir, path), { recursive: true });
  const addressed = Object.entries(hosts).map(([name, host], i) => [name, { address: `192.0.2.${i + 1}`, ...host }]);
  const { groups } = parse(text('inventory/hosts.yaml'));
  mkdirSync(join(dir, 'inventory'));
  writeFileSync(join(dir, 'inventory/hosts.yaml'), JSON.stringify({ groups, hosts: Object.fromEntries(addressed) }));
  mkdirSync(join(dir, 'secrets'));
  writeFileSync(join(dir, 'secrets/jarvis.env'), text('secrets/jarvis.env.example').replace(/=$/gm, '=abcdef'), {
    mode: 0o600,
  });
  const invoker = { env: {}, cwd: dir, home: dir, user: 'operator' };
  const project = await loadProject(dir, { invoker, sshConfigFile: 'none' });
  if (!project.ok) throw new Error(project.failure.map(formatDiagnostic).join('\n'));
  const resolved = await resolveTargets(project.value, EVERYTHING);
  if (!resolved.ok) return { errors: resolved.failure.map(formatDiagnostic), warnings: [], hints: [] };
  const { warnings, hints } = resolved.value;
  return { errors: [], warnings, hints };
}

const NOTHING = { errors: [], warnings: [], hints: [] };
const inMode = (mode: string, vars: Host['vars'] = {}): Host => ({ groups: ['jarvis', `jarvis-${mode}`], vars });

describe('the project that ships it', () => {
  it('is accepted as it stands: inventory, playbook and the names between them', async () => {
    const invoker = { env: {}, cwd: repository, home: repository, user: 'operator' };
    const project = await loadProject(repository, { invoker, sshConfigFile: 'none' });
    if (!project.ok) throw new Error(project.failure.map(({ message }) => message).join('\n'));
    expect([...project.value.inventory.hosts.keys()]).toEqual(expect.arrayContaining(['jarvis-main', 'clawdbot']));
  });

  it('says the same required keys in the playbook, in the example of the secrets and in the app', () => {
    const names = Object.keys(KEYS);
    expect(text('playbooks/jarvis.yaml')).toContain(`required: [${names.join(', ')}]`);
    expect(text('secrets/jarvis.env.example').match(/^\w+(?==$)/gm)).toEqual(names);
    expect(runPython('import settings; print(*settings.REQUIRED)').trim().split(' ')).toEqual(names);
  });

  it.each(['supervisor', 'split', 'vps'])('has nothing to be said of its units in %s mode', async (mode) => {
    expect(await shippedFor({ one: inMode(mode) })).toEqual(NOTHING);
  });

  it('would say it: a limit in the inventory that is none', async () => {
    const { errors } = await shippedFor({ one: inMode('split', { twitter_memory: 'plenty' }) });
    expect(errors.join()).toContain('jarvis-twitter.service.d/limits.conf:3');
  });

  it.each([
    ['supervisor', 'supervisor'],
    ['supervisor', 'split'],
    ['split', 'vps'],
  ])('refuses a second host that polls Telegram and names both (%s and %s)', async (one, other) => {
    const { errors } = await shippedFor({ first: inMode(one), second: inMode(other) });
    expect(errors.join()).toMatch(/telegram-poller[\s\S]*first[\s\S]*second/);
    const off = { telegram_polling: false };
    expect(await shippedFor({ first: inMode(one), second: inMode(other, off) })).toEqual(NOTHING);
  });

  it('takes a host with other bots only as no poller, whatever its telegram_polling', async () => {
    const others = { services: ['jarvis.target', 'jarvis-sentiment.service'], health_port: 8002 };
    expect(await shippedFor({ first: inMode('vps'), second: inMode('split', others) })).toEqual(NOTHING);
    const all = await shippedFor({ first: inMode('vps'), second: inMode('split') });
    expect(all.errors).not.toEqual([]);
  });
});
