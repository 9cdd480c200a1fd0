import { existsSync } from 'node:fs';
import type { RuntimeName } from '../../model/facts.ts';
import { hostName } from '../../model/ids.ts';
import { fail, ok, type Result } from '../../model/outcome.ts';
import type { Connection } from '../../model/target.ts';
import type { Inventory, InventoryHost } from '../inventory/inventory.ts';
import { FIELDS, type Fields } from '../inventory/inventory-schema.ts';
import { type Hop, parseJump } from '../inventory/jump.ts';
import type { Invoker } from '../invoker.ts';
import type { Overrides } from './overrides.ts';
import type { SshAnswer, SshConfig } from './ssh-config.ts';
import { agentSocket, expandPath, localPath, type SshTokens } from './ssh-tokens.ts';

export type ConnectionContext = {
  readonly projectDir: string;
  readonly invoker: Invoker;
  readonly inventory: Inventory;
  readonly ssh: SshConfig;
  /** Receives what the operator should know and what stops nothing. */
  readonly warn: (text: string) => void;
  /** Receives what of the SSH configuration makes no difference here though it would to ssh. */
  readonly unused: (name: string, settings: readonly string[]) => void;
};

/** How to reach a host, who sends it code (null: the same login), and its runtime. */
export type Reach = {
  readonly connection: Connection;
  readonly uploadUser: string | null;
  readonly runtime: 'auto' | RuntimeName;
};

/** Flag > host > group (later ones first) > defaults. */
export function effectiveFields(inventory: Inventory, host: InventoryHost, overrides: Overrides = {}): Fields {
  const groups = host.groups.map((name) => inventory.groups.get(name)?.fields ?? {});
  const levels: readonly Fields[] = [inventory.defaults, ...groups, host.fields, overrides];
  return Object.fromEntries(
    FIELDS.flatMap((key) => {
      const value = levels.findLast((level) => level[key] !== undefined)?.[key];
      return value === undefined ? [] : [[key, value]];
    }),
  ) as Fields;
}

/**
 * Everything about reaching an inventory host, with the operator's SSH configuration below the inventory.
 * A failure is a sentence about what cannot be resolved.
 */
export async function reachHost(
  context: ConnectionContext,
  host: InventoryHost,
  overrides: Overrides = {},
): Promise<Result<Reach, string>> {
  const fields = effectiveFields(context.inventory, host, withFlagPaths(overrides, context.invoker));
  for (const note of host.notes ?? []) context.warn(`${host.name}: ${note}`);
  for (const name of host.groups)
    for (const note of context.inventory.groups.get(name)?.notes ?? []) context.warn(`group ${name}: ${note}`);
  const connection = await connect(context, host.name, fields, []);
  if (!connection.ok) return connection;
  const { uploadUser = null, runtime = 'auto' } = fields;
  // One account needs one login.
  const another = uploadUser === connection.value.user ? null : uploadUser;
  return ok({ connection: connection.value, uploadUser: another, runtime });
}

/** A key named by a flag is relative to where the command was typed. */
const withFlagPaths = (overrides: Overrides, invoker: Invoker): Overrides =>
  overrides.identityFile === undefined
    ? overrides
    : { ...overrides, identityFile: overrides.identityFile.map((file) => localPath(file, invoker, invoker.cwd)) };

async function connect(
  context: ConnectionContext,
  name: string,
  fields: Fields,
  through: readonly string[],
): Promise<Result<Connection, string>> {
  if (through.includes(name)) return fail(`jump hosts go in a circle: ${[...through, name].join(' → ')}`);
  const { invoker } = context;
  const alias = fields.address ?? name;
  const asked = await context.ssh({ address: alias, user: fields.user ?? null, port: fields.port ?? null });
  if (!asked.ok) return fail(`the SSH configuration cannot be used for ${alias}: ${asked.failure}`);
  const ssh = asked.value;
  const tokens: SshTokens = {
    alias,
    hostName: ssh?.hostName ?? alias,
    hostKeyAlias: ssh?.hostKeyAlias ?? null,
    port: fields.port ?? ssh?.port ?? 22,
    user: fields.user ?? (ssh?.user || invoker.user),
    connectionHash: ssh?.connectionHash ?? '%C',
    proxyJump: ssh?.proxyJump ?? '',
  };
  const around = ssh?.proxyCommand && !ssh.proxyJump && fields.jump === undefined;
  const unused = [...(ssh?.unused ?? []), ...(around ? ['ProxyCommand (set jump instead)'] : [])];
  if (unused.length > 0) context.unused(name, unused);
  const jump = await jumpsOf(context, fields, ssh, [...through, name]);
  if (!jump.ok) return jump;
  return ok({
    address: tokens.hostName,
    port: tokens.port,
    user: tokens.user,
    identityFiles: identityFiles(context, name, fields, ssh, tokens),
    identitiesOnly: ssh?.identitiesOnly ?? false,
    agent: agentSocket(ssh?.identityAgent ?? null, invoker, tokens),
    hostKeys: fields.hostKey ?? [],
    knownHostsFiles: (ssh?.knownHostsFiles ?? KNOWN_HOSTS).map((file) => expandPath(file, invoker, tokens)),
    revokedHostKeys: ssh?.revokedHostKeys ? expandPath(ssh.revokedHostKeys, invoker, tokens) : null,
    hostKeyAlias: tokens.hostKeyAlias,
    jump: jump.value,
    become: fields.become ?? 'auto',
    ...(ssh?.algorithms && { algorithms: ssh.algorithms }),
    ...(ssh?.family && { family: ssh.family }),
    ...(ssh?.connectTimeoutMs && { connectTimeoutMs: ssh.connectTimeoutMs }),
  });
}

const KNOWN_HOSTS = ['~/.ssh/known_hosts', '/etc/ssh/ssh_known_hosts'];
const DEFAULT_KEYS = ['~/.ssh/id_ed25519', '~/.ssh/id_ecdsa', '~/.ssh/id_rsa'];

/** ssh itself passes over default keys that do not exist; a key that the inventory names should exist. */
function identityFiles(
  { projectDir, invoker, warn }: ConnectionContext,
  name: string,
  fields: Fields,
  ssh: SshAnswer | null,
  tokens: SshTokens,
): readonly string[] {
  if (fields.identityFile === undefined) {
    const files = ssh?.identityFiles ?? DEFAULT_KEYS;
    return [...new Set(files.map((file) => expandPath(file, invoker, tokens)))].filter((file) => existsSync(file));
  }
  const files = fields.identityFile.map((file) => localPath(file, invoker, projectDir));
  for (const file of files) if (!existsSync(file)) warn(`${name}: the identity file ${file} does not exist`);
  return files;
}

/** The hops of a host, outermost first. As with ssh, of several hops only the outermost one's own hops count. */
async function jumpsOf(
  context: ConnectionContext,
  fields: Fields,
  ssh: SshAnswer | null,
  through: readonly string[],
): Promise<Result<readonly Connection[], string>> {
  const written = fields.jump ?? ssh?.proxyJump ?? null;
  if (written === null) return ok([]);
  const hops = parseJump(written);
  if (hops === null) return fail(`the SSH configuration names a jump host that makes no sense: ${written}`);
  const connections: Connection[] = [];
  for (const [i, hop] of hops.entries()) {
    const hopFields = fieldsOfHop(context.inventory, hop);
    const connection = await connect(
      context,
      hop.address,
      i === 0 ? hopFields : { ...hopFields, jump: 'none' },
      through,
    );
    if (!connection.ok) return connection;
    const { jump, ...rest } = connection.value;
    connections.push(...jump, { ...rest, jump: [] });
  }
  return ok(connections);
}

/** A hop that is a host of the inventory brings its own settings; any other only what the SSH configuration says. */
function fieldsOfHop(inventory: Inventory, hop: Hop): Fields {
  const host = inventory.hosts.get(hostName(hop.address));
  const own: Fields = {
    ...(hop.user === null ? {} : { user: hop.user }),
    ...(hop.port === null ? {} : { port: hop.port }),
  };
  return host ? { ...effectiveFields(inventory, host), ...own } : own;
}
