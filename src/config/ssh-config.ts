import { fail, ok, type Result } from '../model/outcome.ts';
import type { Caller } from './caller.ts';
import { lastLines, runCommand } from './command.ts';
import { isAddress } from './names.ts';
import { once } from './pool.ts';

/** What the operator's SSH configuration says about a host, ssh's own defaults included; tokens not yet expanded. */
export type SshAnswer = {
  readonly hostName: string;
  readonly user: string;
  readonly port: number;
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  readonly identityAgent: string | null;
  readonly proxyJump: string | null;
  readonly proxyCommand: string | null;
  readonly knownHostsFiles: readonly string[];
  readonly hostKeyAlias: string | null;
};

/** What is known of the host before ssh is asked; `Match user` and the like depend on it. */
export type SshQuery = { readonly address: string; readonly user: string | null; readonly port: number | null };

/** Null when there is no ssh program; a failure is what ssh itself said about the configuration. */
export type SshConfig = (query: SshQuery) => Promise<Result<SshAnswer | null, string>>;

/**
 * Asks `ssh -G`, which alone knows Include, Match and the order of files. Each question is asked once.
 * @param configFile read instead of the operator's and the system's; `none` for no file at all
 */
export function sshConfig(caller: Caller, configFile: string | null = null, program = 'ssh'): SshConfig {
  const ask = once<Result<SshAnswer | null, string>>();
  return (query) => ask(JSON.stringify(query), () => askSsh(query, caller, configFile, program));
}

async function askSsh(query: SshQuery, caller: Caller, configFile: string | null, program: string) {
  if (!isAddress(query.address)) return fail(`"${query.address}" is not an address`);
  const flags = [
    ...(configFile === null ? [] : ['-F', configFile]),
    ...(query.user === null ? [] : ['-l', query.user]),
    ...(query.port === null ? [] : ['-p', String(query.port)]),
  ];
  const options = { cwd: caller.cwd, env: { ...caller.env }, timeoutMs: 10_000 };
  const result = await runCommand([program, '-G', ...flags, '--', query.address], options);
  if (!result.ran && result.why === 'was not found') return ok(null);
  if (!result.ran) return fail(`ssh -G ${result.why}`);
  if (result.code !== 0) return fail(lastLines(result.stderr));
  return ok(parseSshAnswer(result.stdout, query));
}

/** Reads the output of `ssh -G`: one lower-case keyword and its value per line, some keywords several times. */
export function parseSshAnswer(output: string, query: SshQuery): SshAnswer {
  const values = new Map<string, string[]>();
  for (const line of output.split('\n')) {
    const space = line.indexOf(' ');
    if (space < 1) continue;
    const key = line.slice(0, space);
    values.set(key, [...(values.get(key) ?? []), line.slice(space + 1)]);
  }
  const first = (key: string) => values.get(key)?.[0] ?? null;
  const unlessNone = (text: string | null) => (text === null || text.toLowerCase() === 'none' ? null : text);
  const files = (key: string) => (first(key) ?? '').split(/\s+/).filter((file) => file !== '' && file !== 'none');
  return {
    hostName: first('hostname') ?? query.address,
    user: first('user') ?? '',
    port: Number(first('port') ?? 22),
    identityFiles: (values.get('identityfile') ?? []).filter((file) => file.toLowerCase() !== 'none'),
    identitiesOnly: first('identitiesonly') === 'yes',
    identityAgent: first('identityagent'),
    proxyJump: unlessNone(first('proxyjump')),
    proxyCommand: unlessNone(first('proxycommand')),
    knownHostsFiles: [...files('userknownhostsfile'), ...files('globalknownhostsfile')],
    hostKeyAlias: unlessNone(first('hostkeyalias')),
  };
}
