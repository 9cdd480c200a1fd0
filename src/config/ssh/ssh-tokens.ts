import { hostname } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { Invoker } from '../invoker.ts';

/** What the tokens of ssh_config(5) stand for in a path. */
export type SshTokens = {
  readonly hostName: string;
  readonly alias: string;
  readonly hostKeyAlias: string | null;
  readonly port: number;
  readonly user: string;
  /** What ssh itself made of %C. */
  readonly connectionHash: string;
  /** ProxyJump as it stands in the configuration, or nothing. */
  readonly proxyJump: string;
};

/** Expands `~`, `${NAME}` and `%` tokens as ssh does; a token that is not known stays as it is. */
export function expandPath(path: string, invoker: Invoker, tokens: SshTokens): string {
  const values: Readonly<Record<string, string>> = {
    '%': '%',
    C: tokens.connectionHash,
    L: hostname().split('.')[0] ?? '',
    d: invoker.home,
    h: tokens.hostName,
    i: String(process.getuid?.() ?? ''),
    j: tokens.proxyJump,
    k: tokens.hostKeyAlias ?? tokens.alias,
    l: hostname(),
    n: tokens.alias,
    p: String(tokens.port),
    r: tokens.user,
    u: invoker.user,
  };
  const expanded = path
    .replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (all, name: string) => invoker.env[name] ?? all)
    .replace(/%([%CLdhijklnpru])/g, (all, token: string) => values[token] ?? all);
  return localPath(expanded, invoker, invoker.home);
}

/** An absolute path of the operator's machine: `~` is the home folder, anything relative starts at `base`. */
export function localPath(path: string, invoker: Invoker, base: string): string {
  if (path === '~') return invoker.home;
  if (path.startsWith('~/')) return join(invoker.home, path.slice(2));
  return isAbsolute(path) ? path : resolve(base, path);
}

/** The agent's socket: what IdentityAgent says (`none`, SSH_AUTH_SOCK, $NAME, a path), else SSH_AUTH_SOCK. */
export function agentSocket(identityAgent: string | null, invoker: Invoker, tokens: SshTokens): string | null {
  const fromEnv = (name: string) => invoker.env[name] || null;
  if (identityAgent === null || identityAgent === 'SSH_AUTH_SOCK') return fromEnv('SSH_AUTH_SOCK');
  if (identityAgent.toLowerCase() === 'none') return null;
  const variable = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(identityAgent)?.[1];
  return variable === undefined ? expandPath(identityAgent, invoker, tokens) : fromEnv(variable);
}
