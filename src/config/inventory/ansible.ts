import { fail, ok, type Result } from '../../model/outcome.ts';
import { readSshArgs } from './ansible-ssh-args.ts';
import { BUILT_IN, hostNameSchema, isVarName } from './names.ts';

type Json = Readonly<Record<string, unknown>>;
const isMapping = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isPlain = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];

/** An inventory as one of `inventory/`, and what Ansible would have used of it and fleet does not, by host or group. */
export type Converted = { readonly value: Json; readonly notes: ReadonlyMap<string, readonly string[]> };

/**
 * Ansible's `--list` JSON as a file of `inventory/`. Vars that are neither a plain value nor a list of such
 * are left out: Ansible's may be anything. Groups are in Ansible's order: by depth, then by priority, then by name.
 */
export function ansibleInventory(json: unknown): Result<Converted, string> {
  if (!isMapping(json)) return fail('the whole must be a mapping of groups');
  const { _meta: meta, ...named } = json;
  const hostvars = isMapping(meta) && isMapping(meta.hostvars) ? meta.hostvars : {};
  const notes = new Map<string, readonly string[]>();
  const noted = (name: string, level: Level): Json => {
    if (level.notes.length > 0) notes.set(name, level.notes);
    return level.fields;
  };
  const groups = new Map<string, Group>();
  for (const [name, group] of Object.entries(named)) {
    if (Array.isArray(group)) groups.set(name, { hosts: texts(group), children: [], priority: 1, level: {} });
    else if (!isMapping(group)) return fail(`group "${name}" must be a mapping or a list of hosts`);
    else {
      const vars: Json = isMapping(group.vars) ? group.vars : {};
      groups.set(name, {
        hosts: texts(group.hosts),
        children: texts(group.children),
        priority: Number(vars.ansible_group_priority ?? 1) || 0,
        level: noted(name, level(vars)),
      });
    }
  }
  const depth = depths(groups);
  const parents = (group: string, seen: readonly string[]): readonly string[] =>
    [...groups].flatMap(([name, { children }]) =>
      children.includes(group) && !seen.includes(name) ? [...parents(name, [...seen, name]), name] : [],
    );
  const rank = (a: string, b: string): number =>
    (depth.get(a) ?? 0) - (depth.get(b) ?? 0) ||
    (groups.get(a)?.priority ?? 1) - (groups.get(b)?.priority ?? 1) ||
    (a < b ? -1 : 1);
  const names = new Set([...Object.keys(hostvars), ...[...groups.values()].flatMap(({ hosts }) => hosts)]);
  const odd = [...names].find(
    (name) => /^[0-9a-f:]*:[0-9a-f:]*$/i.test(name) && !hostNameSchema.safeParse(name).success,
  );
  if (odd !== undefined) {
    return fail(`the host "${odd}" is named by an address: give it a name, and the address as ansible_host`);
  }
  const hosts = [...names].map((name) => {
    const direct = [...groups].filter(([, group]) => group.hosts.includes(name)).map(([group]) => group);
    const own = [...new Set([...direct.flatMap((group) => parents(group, [group])), ...direct])].sort(rank);
    return [name, { ...noted(name, level(hostvars[name])), ...(own.length > 0 ? { groups: own } : {}) }] as const;
  });
  const value = {
    groups: Object.fromEntries([...groups].map(([name, group]) => [name, group.level])),
    hosts: Object.fromEntries(hosts),
  };
  return ok({ value, notes });
}

type Group = {
  readonly hosts: readonly string[];
  readonly children: readonly string[];
  readonly priority: number;
  readonly level: Json;
};

/** How far below the outermost group each stands, by the longest way. */
function depths(groups: ReadonlyMap<string, Group>): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const visit = (name: string, at: number, seen: readonly string[]): void => {
    if (seen.includes(name) || (found.get(name) ?? -1) >= at) return;
    found.set(name, at);
    for (const child of groups.get(name)?.children ?? []) visit(child, at + 1, [...seen, name]);
  };
  for (const name of groups.keys()) visit(name, name === 'all' ? 0 : 1, []);
  return found;
}

const FIELDS: Readonly<Record<string, string>> = {
  ansible_host: 'address',
  ansible_ssh_host: 'address',
  ansible_port: 'port',
  ansible_ssh_port: 'port',
  ansible_user: 'user',
  ansible_ssh_user: 'user',
  ansible_ssh_private_key_file: 'identityFile',
  ansible_private_key_file: 'identityFile',
};

/** Ansible's vars of a host or group as connection fields and vars, and what of them goes unused. */
type Level = { readonly fields: Json; readonly notes: readonly string[] };

const SSH_ARGS = ['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args'];
/** Ways to say that a host is reached by ssh. */
const BY_SSH = ['ssh', 'smart', 'paramiko', 'paramiko_ssh', 'ansible.builtin.ssh', 'ansible.builtin.paramiko_ssh'];

function level(vars: unknown): Level {
  const fields: Record<string, unknown> = {};
  const plain: Record<string, unknown> = {};
  const notes: string[] = [];
  const all = Object.entries(isMapping(vars) ? vars : {});
  for (const [name, value] of all) {
    if (!SSH_ARGS.includes(name) || typeof value !== 'string') continue;
    const args = readSshArgs(value);
    Object.assign(fields, args.fields);
    if (args.others.length > 0) notes.push(`what ${name} says with ${args.others.join(', ')} is not used by fleet`);
  }
  for (const [name, value] of all) {
    const field = FIELDS[name];
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    const note = noteOn(name, value);
    if (note !== null) notes.push(note);
    if (field !== undefined) fields[field] = field === 'port' ? number : value;
    else if (name === 'ansible_become' && note === null) fields.become = isYes(value) ? 'sudo' : 'none';
    else if (note !== null || SSH_ARGS.includes(name) || /^ansible_.*pass(word)?$/.test(name)) continue;
    else if (isVarName(name) && (isPlain(value) || (Array.isArray(value) && value.every(isPlain)))) plain[name] = value;
  }
  return { fields: Object.keys(plain).length > 0 ? { ...fields, vars: plain } : fields, notes };
}

/** What is said of a var that Ansible acts on and fleet does not. No value is shown but of a few that name a way. */
function noteOn(name: string, value: unknown): string | null {
  if (/^ansible_(become|connection)/.test(name) && /\{\{/.test(String(value)))
    return `${name} with a template is not used by fleet`;
  switch (name) {
    case 'ansible_connection':
      return BY_SSH.includes(String(value))
        ? null
        : `ansible_connection=${String(value)} is not used: fleet reaches every host by ssh`;
    case 'ansible_become_method':
      return value === 'sudo' || value === 'ansible.builtin.sudo'
        ? null
        : `ansible_become_method=${String(value)} is not used: fleet becomes root by sudo`;
    case 'ansible_become_user':
      return value === 'root' ? null : 'ansible_become_user is not used: fleet becomes root, and `user` owns the app';
    case 'ansible_become_pass':
    case 'ansible_become_password':
    case 'ansible_sudo_pass':
      return `${name} is not used: a password for sudo comes from FLEET_BECOME_PASSWORD, or is asked for`;
    case 'ansible_pass':
    case 'ansible_password':
    case 'ansible_ssh_pass':
    case 'ansible_ssh_password':
      return `${name} is not used: fleet logs in with keys`;
    case 'ansible_become_exe':
    case 'ansible_become_flags':
    case 'ansible_ssh_executable':
    case 'ansible_ssh_private_key':
    case 'ansible_host_key_checking':
    case 'ansible_ssh_host_key_checking':
    case 'ansible_timeout':
    case 'ansible_ssh_timeout':
      return `${name} is not used by fleet`;
    default:
      return BUILT_IN.includes(name) ? `the var "${name}" is left out: fleet fills {{ ${name} }} itself` : null;
  }
}

const isYes = (value: unknown): boolean => /^(true|yes|on|y|t|1)$/i.test(String(value));
