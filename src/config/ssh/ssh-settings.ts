import type { AlgorithmLimits } from '../../model/target.ts';

/** What `ssh -G` printed: lower-case keywords, and their values in order. */
export type SshValues = ReadonlyMap<string, readonly string[]>;

/** Reads the output of `ssh -G`: one lower-case keyword and its value per line, some keywords several times. */
export function parseSshValues(output: string): SshValues {
  const values = new Map<string, string[]>();
  for (const line of output.split('\n')) {
    const space = line.indexOf(' ');
    if (space < 1) continue;
    const key = line.slice(0, space);
    values.set(key, [...(values.get(key) ?? []), line.slice(space + 1)]);
  }
  return values;
}

/**
 * Paths that ssh prints in one line with blanks between them, and with those in them as they are: a new one begins
 * where a word does that can begin a path, or in quotes.
 */
export function splitPaths(line: string): readonly string[] {
  const paths: string[] = [];
  for (const [word, quoted] of line.matchAll(/"([^"]*)"|\S+/g)) {
    const last = paths.at(-1);
    const begins = quoted !== undefined || last === undefined || /^[/~%$]/.test(word) || !/^[/~%$]/.test(last);
    if (begins) paths.push(quoted ?? word);
    else paths[paths.length - 1] = `${last} ${word}`;
  }
  return paths.filter((path) => path.toLowerCase() !== 'none');
}

const words = (text: string) => new Set(text.trim().split(/\s+/));

/** Settings that are used: by fleet, or by ssh while it answers. */
const USED = words(`host user hostname port identityfile identitiesonly identityagent proxyjump proxycommand
  userknownhostsfile globalknownhostsfile hostkeyalias revokedhostkeys kexalgorithms hostkeyalgorithms ciphers macs
  addressfamily connecttimeout canonicaldomains canonicalizefallbacklocal canonicalizehostname canonicalizemaxdots
  canonicalizepermittedcnames tag include ignoreunknown`);

/** Settings of terminals, forwarding, shared connections, asking and logging, which no deploy could use. */
const NO_MATTER =
  words(`addkeystoagent batchmode channeltimeout clearallforwardings compression controlmaster controlpath
  controlpersist dynamicforward enableescapecommandline enablesshkeysign escapechar exitonforwardfailure fingerprinthash
  forkafterauthentication forwardagent forwardx11 forwardx11timeout forwardx11trusted gatewayports hashknownhosts ipqos
  kbdinteractiveauthentication localcommand localforward loglevel logverbose numberofpasswordprompts
  obscurekeystroketiming passwordauthentication permitlocalcommand permitremoteopen proxyusefdpass remoteforward
  requesttty sendenv serveralivecountmax serveraliveinterval sessiontype stdinnull streamlocalbindmask
  streamlocalbindunlink syslogfacility tcpkeepalive tunnel tunneldevice updatehostkeys visualhostkey xauthlocation`);

/** As ssh_config(5) writes them, where a guess by the words would be wrong. */
const SPELLED: readonly string[] = `BindAddress BindInterface CASignatureAlgorithms CertificateFile CheckHostIP
  ConnectionAttempts GSSAPIAuthentication GSSAPIClientIdentity GSSAPIDelegateCredentials GSSAPIKexAlgorithms
  GSSAPIKeyExchange GSSAPIRenewalForcesRekey GSSAPIServerIdentity GSSAPITrustDns HostbasedAcceptedAlgorithms
  HostbasedAuthentication KnownHostsCommand NoHostAuthenticationForLocalhost PKCS11Provider PreferredAuthentications
  PubkeyAcceptedAlgorithms PubkeyAuthentication RekeyLimit RemoteCommand RequiredRSASize SecurityKeyProvider SetEnv
  StrictHostKeyChecking VerifyHostKeyDNS`.split(/\s+/);

const spelled = (key: string) => SPELLED.find((name) => name.toLowerCase() === key) ?? key;

/** Settings of others than the operator, as distributions ship them, are told of only where a login could hang on them. */
const SHIPPED = /^gssapi/;

/**
 * The settings that make a difference to ssh and none to fleet.
 * @param plain what ssh answers with no configuration at all @param shipped with that of the system alone
 */
export function unusedSettings(values: SshValues, plain: SshValues, shipped: SshValues): readonly string[] {
  const differs = (key: string, from: SshValues) => values.get(key)?.join('\n') !== from.get(key)?.join('\n');
  return [...values.keys()]
    .filter((key) => !USED.has(key) && !NO_MATTER.has(key) && differs(key, plain))
    .filter((key) => !SHIPPED.test(key) || differs(key, shipped))
    .map(spelled);
}

/** What the configuration limits algorithms to. ssh prints whole lists, with every `+`, `-` and `^` worked in. */
export function algorithmLimits(values: SshValues, plain: SshValues): AlgorithmLimits | null {
  const limit = (key: string): readonly string[] | undefined => {
    const list = values.get(key)?.[0];
    return list === undefined || list === plain.get(key)?.[0] ? undefined : list.split(',');
  };
  const [kex, hostKeys, ciphers, macs] = ['kexalgorithms', 'hostkeyalgorithms', 'ciphers', 'macs'].map(limit);
  if (!kex && !hostKeys && !ciphers && !macs) return null;
  return { ...(kex && { kex }), ...(hostKeys && { hostKeys }), ...(ciphers && { ciphers }), ...(macs && { macs }) };
}
