import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { emptyProject, envLines, type InventoryHost, inventoryFields, type Project } from '../fleet.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** What a system consists of in this repository. Of secrets/ only the examples. Add what yours has elsewhere. */
const SHIPPED = ['inventory', 'playbooks', 'units', 'secrets', 'test/apps'];

/** The new text of a file that is there or not, or null to take it away. */
export type Change = string | null | ((text: string) => string);

export type Shipped = {
  /** Names of playbooks, the first is the one that `playbook()` and `env()` of the project write. */
  readonly app: string | readonly [string, ...string[]];
  /**
   * By their names in the shipped inventory. Address, port and keys become those of the test host, the login root; groups, vars
   * and the rest stay. `fields` come on top, with `vars` merged into those of the host; undefined removes a field.
   * All other hosts of the inventory are left out.
   */
  readonly hosts: Readonly<Record<string, InventoryHost>>;
  /** By file name below secrets/, e.g. { 'jarvis.env': { JARVIS_PORT: '8001' } }: on top of what the example gives. */
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** By path below the project, e.g. a drop-in with shorter waits, or (text) => text.replace(…) for a playbook. */
  readonly changes?: Readonly<Record<string, Change>>;
};

/**
 * A copy of the project as this repository ships it, with test hosts in place of real ones. Each secrets/*.example
 * becomes the file it is an example of; a key without a value there gets `canary-<key in lower case>`.
 * @throws Error for a host or a playbook that the repository does not have.
 */
export async function shippedProject({ app, hosts, secrets = {}, changes = {} }: Shipped): Promise<Project> {
  const apps = typeof app === 'string' ? [app] : app;
  const project = emptyProject(apps[0]);
  const { folder } = project;
  for (const path of SHIPPED) cpSync(join(repository, path), join(folder, path), { recursive: true, filter: travels });
  keepPlaybooks(folder, apps);
  writeInventory(project, hosts);
  writeSecrets(project, secrets);
  for (const [path, change] of Object.entries(changes)) write(project, path, change);
  return project;
}

const travels = (path: string) =>
  basename(path) !== '__pycache__' &&
  !path.endsWith('.test.ts') &&
  (basename(join(path, '..')) !== 'secrets' || path.endsWith('.example'));

function keepPlaybooks(folder: string, apps: readonly string[]): void {
  const kept = new Set(apps.map((name) => `${name}.yaml`));
  for (const name of kept)
    if (!existsSync(join(folder, 'playbooks', name))) throw new Error(`playbooks/${name} is not in the repository`);
  for (const name of readdirSync(join(folder, 'playbooks')))
    if (!kept.has(name)) rmSync(join(folder, 'playbooks', name));
}

type Fields = Readonly<Record<string, unknown>>;
type InventoryFile = { readonly hosts?: Readonly<Record<string, Fields>> } & Fields;

function writeInventory(project: Project, wanted: Shipped['hosts']): void {
  const missing = new Set(Object.keys(wanted));
  for (const name of readdirSync(join(project.folder, 'inventory'))) {
    const path = `inventory/${name}`;
    const file: InventoryFile = parse(readFileSync(join(project.folder, path), 'utf8'));
    const hosts = Object.entries(file.hosts ?? {}).flatMap(([host, fields]) => {
      const entry = wanted[host];
      missing.delete(host);
      return entry === undefined ? [] : [[host, onTestHost(fields, entry)]];
    });
    project.write(path, JSON.stringify({ ...file, hosts: Object.fromEntries(hosts) }, null, 2));
  }
  if (missing.size > 0) throw new Error(`not in the shipped inventory: ${[...missing].join(', ')}`);
}

function onTestHost(shipped: Fields, entry: InventoryHost): Fields {
  const fields = inventoryFields(entry);
  const vars = { ...Object(shipped.vars), ...Object(fields.vars) };
  return { ...shipped, ...fields, vars };
}

function writeSecrets(project: Project, secrets: NonNullable<Shipped['secrets']>): void {
  for (const example of readdirSync(join(project.folder, 'secrets'))) {
    const name = example.slice(0, -'.example'.length);
    const text = readFileSync(join(project.folder, 'secrets', example), 'utf8');
    const given = [...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, key = '', value = '']) => [key, value || canary(key)]);
    project.write(`secrets/${name}`, envLines({ ...Object.fromEntries(given), ...secrets[name] }));
  }
}

const canary = (key: string) => `canary-${key.toLowerCase()}`;

function write(project: Project, path: string, change: Change): void {
  const file = join(project.folder, path);
  if (change === null) rmSync(file, { recursive: true });
  else project.write(path, typeof change === 'string' ? change : change(readFileSync(file, 'utf8')));
}
