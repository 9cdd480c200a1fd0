import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../src/config/diagnostics/diagnostic.ts';
import { loadProject } from '../../src/config/project.ts';
import { resolveTargets } from '../../src/config/resolve.ts';
import { EVERYTHING } from '../../src/config/select.ts';
import { KEYS } from './running-amarktai.ts';
import { python } from './running-jarvis.ts';

const repository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const text = (path: string) => readFileSync(repository(path), 'utf8');
const TUNING = ['workers', 'limits', 'dependencies'] as const;
const choices = (of: string) => readdirSync(repository(`units/amarktai/tuning/${of}`));

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** What `fleet check` has to say of the shipped files with these vars on the host, and these files changed. */
async function checked(vars: Readonly<Record<string, string>>, changes: Readonly<Record<string, string>> = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'fleet-amarktai-'));
  folders.push(dir);
  for (const path of ['playbooks/amarktai.yaml', 'units/amarktai', 'test/apps/amarktai'])
    cpSync(repository(path), join(dir, path), { recursive: true });
  const files = {
    'inventory/hosts.yaml': JSON.stringify({
      groups: { amarktai: {} },
      hosts: { api: { address: '192.0.2.20', groups: ['amarktai'], vars } },
    }),
    'secrets/amarktai.env': Object.entries(KEYS)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
    ...changes,
  };
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content, { mode: 0o600 });
  }
  const invoker = { env: {}, cwd: dir, home: dir, user: 'operator' };
  const loaded = await loadProject(dir, { invoker, sshConfigFile: 'none' });
  if (!loaded.ok) throw new Error(loaded.failure.map(formatDiagnostic).join('\n'));
  const resolved = await resolveTargets(loaded.value, EVERYTHING);
  return resolved.ok
    ? { errors: [], warnings: resolved.value.warnings, hints: resolved.value.hints }
    : { errors: resolved.failure.map(formatDiagnostic), warnings: [], hints: [] };
}

describe('the Amarktai project', () => {
  it('says the same required keys in the playbook, in the example of the secrets and in the app', () => {
    const names = Object.keys(KEYS);
    expect(text('playbooks/amarktai.yaml')).toContain(`required: [${names.join(', ')}]`);
    expect(text('secrets/amarktai.env.example').match(/^\w+(?==$)/gm)).toEqual(names);
    const asked = execFileSync(python, ['-B', '-c', 'import settings; print(*settings.REQUIRED)'], {
      env: { PYTHONPATH: repository('test/apps/amarktai') },
      encoding: 'utf8',
    });
    expect(asked.trim().split(' ')).toEqual(names);
  });

  it('is accepted without a word, whatever is chosen for workers, limits and dependencies', async () => {
    for (const of of TUNING) {
      expect(choices(of).length).toBeGreaterThan(1);
      for (const choice of choices(of))
        expect(await checked({ [of]: choice }), choice).toEqual({ errors: [], warnings: [], hints: [] });
    }
    expect((await checked({ workers: 'five' })).errors.join()).toContain('units/amarktai/tuning/workers/five');
  });

  it('keeps the command of the unit in the drop-in, but for the workers', () => {
    const command = (path: string) => /^ExecStart=(\/.*)$/m.exec(text(path))?.[1];
    const unit = command('units/amarktai/base/amarktai-api.service');
    const four = command('units/amarktai/tuning/workers/four/amarktai-api.service.d/workers.conf');
    expect(unit).toMatch(/ --host 127\.0\.0\.1 --port 8000 /);
    expect(four?.replace(' --workers 4', '')).toBe(unit);
    expect(four).not.toBe(unit);
  });

  it('names each required key that has no value, before any host is contacted', async () => {
    const { errors } = await checked({}, { 'secrets/amarktai.env': 'JWT_SECRET=a\nMONGO_URL=\n' });
    expect(errors.join()).toMatch(/secrets\/amarktai\.env lacks OPENAI_API_KEY and has no value for MONGO_URL/);
  });

  it('is told when a log rotation asks the service to reload, which it cannot', async () => {
    const shipped = text('units/amarktai/amarktai.logrotate');
    const script = '    postrotate\n        systemctl reload amarktai-api\n    endscript\n}';
    const { warnings } = await checked({}, { 'units/amarktai/amarktai.logrotate': shipped.replace('}', script) });
    expect(warnings).toEqual([expect.stringMatching(/amarktai-api\.service is asked to reload .* \[no-reload\]/)]);
  });

  it('is the unit of the seed put right: the seed itself is warned about', async () => {
    const seed = text('test/unit/fixtures/amarktai-api.service');
    const { warnings, hints } = await checked({}, { 'units/amarktai/base/amarktai-api.service': seed });
    for (const trap of ['search-path', 'env-file']) expect(warnings.join('\n')).toContain(`[${trap}]`);
    expect(hints.join('\n')).toContain('[endless-restart]');
  });
});
