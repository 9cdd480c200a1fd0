import { fail, ok, type Result } from '../model/outcome.ts';
import { isVarName } from './names.ts';

type Json = Readonly<Record<string, unknown>>;
const isMapping = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isPlain = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];

/**
 * Ansible's `--list` JSON as a file of `inventory/`. Vars that are neither a plain value nor a list of such
 * are left out: Ansible's may be anything. A host comes before its group's children's vars: the nearer group wins, as in Ansible.
 */
export function ansibleInventory(json: unknown): Result<Json, string> {
  if (!isMapping(json)) return fail('the whole must be a mapping of groups');
  const { _meta: meta, ...named } = json;
  const hostvars = isMapping(meta) && isMapping(meta.hostvars) ? meta.hostvars : {};
  const groups = new Map<string, { hosts: readonly string[]; children: readonly string[]; level: Json }>();
  for (const [name, group] of Object.entries(named)) {
    if (Array.isArray(group)) groups.set(name, { hosts: texts(group), children: [], level: {} });
    else if (!isMapping(group)) return fail(`group "${name}" must be a mapping or a list of hosts`);
    else
      groups.set(name, {
        hosts: texts(group.hosts),
        children: texts(group.children),
        level: level(group.vars),
      });
  }
  const parents = (group: string, seen: readonly string[]): readonly string[] =>
    [...groups].flatMap(([name, { children }]) =>
      children.includes(group) && !seen.includes(name) ? [...parents(name, [...seen, name]), name] : [],
    );
  const names = new Set([...Object.keys(hostvars), ...[...groups.values()].flatMap(({ hosts }) => hosts)]);
  const hosts = [...names].map((name) => {
    const direct = [...groups].filter(([, group]) => group.hosts.includes(name)).map(([group]) => group);
    const outermostFirst = [...direct.flatMap((group) => parents(group, [group])), ...direct];
    const own = [...new Set(outermostFirst.toReversed())].toReversed();
    return [name, { ...level(hostvars[name]), ...(own.length > 0 ? { groups: own } : {}) }] as const;
  });
  return ok({
    groups: Object.fromEntries([...groups].map(([name, group]) => [name, group.level])),
    hosts: Object.fromEntries(hosts),
  });
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

/** Ansible's vars of a host or group as connection fields and vars. */
function level(vars: unknown): Json {
  const fields: Record<string, unknown> = {};
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(isMapping(vars) ? vars : {})) {
    const field = FIELDS[name];
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    if (field !== undefined) fields[field] = field === 'port' ? number : value;
    else if (isVarName(name) && (isPlain(value) || (Array.isArray(value) && value.every(isPlain)))) plain[name] = value;
  }
  return Object.keys(plain).length > 0 ? { ...fields, vars: plain } : fields;
}
