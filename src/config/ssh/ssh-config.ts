import { existsSync } from 'node:fs';
import { lastLines, runCommand } from '../../local/command.ts';
import { fail, ok, type Result } from '../../model/outcome.ts';
import type { AlgorithmLimits } from '../../model/target.ts';
import { once } from '../../util/async.ts';
import { isAddress } from '../inventory/names.ts';
import type { Invoker } from '../invoker.ts';
import { algorithmLimits, parseSshValues, type SshValues, splitPaths, unusedSettings } from './ssh-settings.ts';

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
  readonly revokedHostKeys: string | null;
  readonly hostKeyAlias: string | null;
  readonly algorithms: AlgorithmLimits | null;
  readonly family: 4 | 6 | null;
  readonly connectTimeoutMs: number | null;
  /** What stands for %C in paths; which names go into it depends on ssh's version. */
  readonly connectionHash: string;
  /** Settings that make a difference to ssh, and that fleet does not use, as ssh_config(5) spells them. */
  readonly unused: readonly string[];
};

/** What is known of the host before ssh is asked; `Match user` and the like depend on it. */
type SshQuery = { readonly address: string; readonly user: string | null; readonly port: number | null };

/** Null when there is no ssh program; a failure is what ssh itself said about the configuration. */
export type SshConfig = (query: SshQuery) => Promise<Result<SshAnswer | null, string>>;

/**
 * Asks `ssh -G`, which alone knows Include, Match and the order of files. Each question is asked once.
 * @param configFile read instead of the operator's and the system's; `none` for no file at all
 */
export function sshConfig(invoker: Invoker, configFile: string | null = null, program = 'ssh'): SshConfig {
  const ask = once<Result<SshAnswer | null, string>>();
  const plain = once<Asked>();
  return (query) =>
    ask(JSON.stringify(query), async () => {
      const run = (file: string | null) => askSsh(query, invoker, file, program);
      const nothing = plain('', () => run('none'));
      const system = configFile === null && existsSync(SYSTEM_CONFIG) ? run(SYSTEM_CONFIG) : nothing;
      const [values, without, shipped] = await Promise.all([run(configFile), nothing, system]);
      if (!values.ok) return values;
      if (values.value === null) return ok(null);
      const base = (without.ok && without.value) || values.value;
      return ok(sshAnswer(values.value, base, (shipped.ok && shipped.value) || base, query));
    });
}

const SYSTEM_CONFIG = '/etc/ssh/ssh_config';

type Asked = Result<SshValues | null, string>;

async function askSsh(query: SshQuery, invoker: Invoker, configFile: string | null, program: string): Promise<Asked> {
  if (!isAddress(query.address)) return fail(`"${query.address}" is not an address`);
  const flags = [
    ...(configFile === null ? [] : ['-F', configFile]),
    ...(query.user === null ? [] : ['-l', query.user]),
    ...(query.port === null ? [] : ['-p', String(query.port)]),
    // Expanded by ssh alone in what it prints, and of no other use here.
    ...['-o', 'ControlPath=%C'],
  ];
  const options = { cwd: invoker.cwd, env: { ...invoker.env }, timeoutMs: 10_000 };
  const result = await runCommand([program, '-G', ...flags, '--', query.address], options);
  if (!result.ran && result.why === 'was not found') return ok(null);
  if (!result.ran) return fail(`ssh -G ${result.why}`);
  if (result.code !== 0) return fail(lastLines(result.stderr));
  return ok(parseSshValues(result.stdout));
}

function sshAnswer(values: SshValues, plain: SshValues, shipped: SshValues, query: SshQuery): SshAnswer {
  const first = (key: string) => values.get(key)?.[0] ?? null;
  const unlessNone = (text: string | null) => (text === null || text.toLowerCase() === 'none' ? null : text);
  const seconds = Number(first('connecttimeout'));
  return {
    hostName: first('hostname') ?? query.address,
    user: first('user') ?? '',
    port: Number(first('port') ?? 22),
    identityFiles: (values.get('identityfile') ?? []).filter((file) => file.toLowerCase() !== 'none'),
    identitiesOnly: first('identitiesonly') === 'yes',
    identityAgent: first('identityagent'),
    proxyJump: unlessNone(first('proxyjump')),
    proxyCommand: unlessNone(first('proxycommand')),
    knownHostsFiles: ['userknownhostsfile', 'globalknownhostsfile'].flatMap((key) => splitPaths(first(key) ?? '')),
    revokedHostKeys: unlessNone(first('revokedhostkeys')),
    hostKeyAlias: unlessNone(first('hostkeyalias')),
    algorithms: algorithmLimits(values, plain),
    family: first('addressfamily') === 'inet' ? 4 : first('addressfamily') === 'inet6' ? 6 : null,
    connectTimeoutMs: seconds > 0 ? seconds * 1000 : null,
    connectionHash: first('controlpath') ?? '%C',
    unused: unusedSettings(values, plain, shipped),
  };
}
