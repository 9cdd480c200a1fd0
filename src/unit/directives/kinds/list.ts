import { splitWords } from '../../syntax/words.ts';
import { parseDuration } from '../../values/duration.ts';
import { exitStatus } from '../../values/exit-status.ts';
import { isWithin } from '../../values/number.ts';
import { signalName } from '../../values/signal.ts';
import { bool, either, invertible, kind, listOf, oneOf, resolved, type ValueKind } from './kind.ts';
import { isPath } from './name.ts';
import { isSize } from './number.ts';
import { isErrorName, SYSTEM_CALLS } from './system-calls.ts';

const setOf = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const CAPABILITIES = setOf(
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service ' +
    'net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin ' +
    'sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override ' +
    'mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore',
);
export const capabilities = invertible(
  listOf('a capability such as CAP_NET_BIND_SERVICE', (word) => {
    const number = /^\d+$/.test(word) ? Number(word) : null;
    return number === null
      ? CAPABILITIES.has(word.toLowerCase().replace(/^cap_/, '')) && /^cap_/i.test(word)
      : number < 64;
  }),
);

const FAMILIES = setOf(
  'UNIX LOCAL FILE INET AX25 IPX APPLETALK NETROM BRIDGE ATMPVC X25 INET6 ROSE DECnet NETBEUI SECURITY KEY NETLINK ROUTE ' +
    'PACKET ASH ECONET ATMSVC RDS SNA IRDA PPPOX WANPIPE LLC IB MPLS CAN TIPC BLUETOOTH IUCV RXRPC ISDN PHONET ' +
    'IEEE802154 CAIF ALG NFC VSOCK KCM QIPCRTR SMC XDP MCTP',
);
const isFamily = (word: string) => word.startsWith('AF_') && FAMILIES.has(word.slice(3));
export const families = either(
  'none, or a list of address families such as AF_INET AF_INET6 AF_UNIX',
  oneOf('none'),
  invertible(listOf('', isFamily)),
);

const SPACES = setOf('cgroup ipc net mnt pid user uts time');
const spaces = invertible(listOf('one of cgroup, ipc, net, mnt, pid, user, uts', (word) => SPACES.has(word)));
export const namespaces: ValueKind = {
  ...spaces,
  expected: `yes, no or a list of namespaces (${[...SPACES].join(', ')})`,
  takes: (value) => bool.takes(value) || spaces.takes(value),
};

const SETS = setOf(
  'default aio basic-io chown clock cpu-emulation debug file-system io-event ipc keyring memlock module mount network-io ' +
    'obsolete pkey privileged process raw-io reboot resources sandbox setuid signal swap sync system-service timer known',
);
/** `@group` or the name of a call; `:EPERM` says what it then returns. */
const isCall = (word: string) => {
  const [, name = '', , action] = /^([^:]*)(:(.*))?$/.exec(word) ?? [];
  if (action !== undefined && !isErrorName(action) && action !== 'kill') return false;
  return name.startsWith('@') ? SETS.has(name.slice(1)) : SYSTEM_CALLS.has(name);
};
export const systemCalls = invertible(listOf('a system call, or a group of them such as @system-service', isCall));
export const errorNumber = either('an error such as EPERM, or kill', oneOf('kill'), kind('', isErrorName));
const ARCHITECTURES =
  'native x86 x86-64 x32 arm arm64 loongarch64 mips mips-le mips64 mips64-le mips64-n32 mips64-le-n32 parisc parisc64 ' +
  'ppc ppc64 ppc64-le riscv64 s390 s390x';
export const architectures = listOf(`one of ${ARCHITECTURES.replaceAll(' ', ', ')}`, (word) =>
  setOf(ARCHITECTURES).has(word),
);
export const personality = resolved(
  oneOf('x86 x86-64 arm arm64 ppc ppc-le ppc64 ppc64-le s390 s390x loongarch64 riscv64'),
);
const BITS = setOf('keep-caps keep-caps-locked no-setuid-fixup no-setuid-fixup-locked noroot noroot-locked');
export const secureBits = listOf(`one of ${[...BITS].join(', ')}`, (word) => BITS.has(word));

const CONTROLLERS = setOf(
  'cpu cpuacct cpuset io blkio memory devices pids bpf-firewall bpf-devices bpf-foreign bpf-socket-bind ' +
    'bpf-restrict-network-interfaces bpf-bind-network-interface',
);
export const controllers = listOf('a controller such as cpu, io, memory or pids', (word) => CONTROLLERS.has(word));
export const delegate = either('yes, no or a list of controllers such as cpu memory', bool, controllers);

export const fileSystems = invertible(
  listOf(
    'a file system, or a group of them such as @basic-api',
    (word) =>
      !word.startsWith('@') ||
      setOf(
        'basic-api anonymous application auxiliary-api common-block historical-block network privileged-api security temporary known',
      ).has(word.slice(1)),
  ),
);

/** `-source:destination:options`, in quotes where a part has a blank. */
const mapped = (
  expected: string,
  takes: (from: string, to: string | undefined, options: string | undefined) => boolean,
) =>
  resolved(
    listOf(expected, (word) => {
      const [from = '', to, options, ...more] = word.replace(/\\:/g, '_').split(':');
      return more.length === 0 && takes(from.replace(/^-/, ''), to, options);
    }),
  );
export const binds = mapped(
  'an absolute path, or two as /from:/to',
  (from, to, options) =>
    isPath(from) &&
    (to === undefined || isPath(to)) &&
    (options === undefined ||
      /^(no)?r?bind$|^$|^(rbind|norbind)(,(no)?idmap)?$|^(no)?idmap(,(no)?rbind)?$/.test(options)),
);
export const mounts = mapped(
  'two absolute paths as /image:/place',
  (from, to) => isPath(from) && to !== undefined && isPath(to),
);
export const images = resolved(
  listOf('an absolute path', (word) => {
    const [image = '', , options] = word.replace(/^-/, '').split(':');
    return isPath(image) && !/^\/(dev|proc|sys)(\/|$)/.test(image) && options !== '';
  }),
);
export const temporary = resolved(
  listOf('an absolute path, or /path:options', (word) => isPath(word.replace(/:.*$/s, ''))),
);

const access = (word: string) => /^(\/dev\/|\/run\/systemd\/inaccessible\/)./.test(word) && !word.includes('..');
export const deviceAccess = resolved(
  kind('a device such as /dev/null or char-rtc, and r, w or m', (value) => {
    const [device = '', right, ...more] = splitWords(value, 'keep').words;
    return (
      (access(device) || /^(block|char)-./.test(device)) &&
      more.length === 0 &&
      (right === undefined || /^[rwm]+$/.test(right))
    );
  }),
);
const ofDevice = (expected: string, takes: (text: string) => boolean) =>
  resolved(
    kind(`a path and ${expected}`, (value) => {
      const [, device = '', rest] = /^("[^"]*"|\S+)\s+(.*)$/.exec(value) ?? [];
      return isPath(device.replace(/^"|"$/g, '')) && rest !== undefined && takes(rest);
    }),
  );
export const deviceRate = ofDevice('a rate such as 5M', (text) => text === 'infinity' || isRate(text));
export const deviceWeight = ofDevice('a weight from 1 to 10000', (text) => {
  return isWithin(text, 1, 10_000);
});
export const deviceLatency = ofDevice('a time such as 25ms', (text) => parseDuration(text) !== null);
const isRate = (text: string) => isSize(text) && !/^0*$/.test(text);

export const credential = resolved(
  kind('a name, or a name and a path as name:/path', (value) => {
    const [name = '', ...rest] = value.split(':');
    return (
      isCredential(name) &&
      (rest.length === 0 || (isPath(rest.join(':')) && !rest.join(':').includes('//')) || isCredential(rest.join(':')))
    );
  }),
);
const isCredential = (text: string) =>
  text !== '' && text !== '.' && text !== '..' && !/[/\x00-\x1f:]/.test(text) && text.length < 256;
export const ownCredential = resolved(
  kind(
    'a name and what it holds, as name:text',
    (value) => isCredential(value.split(':')[0] ?? '') && value.includes(':'),
  ),
);
export const sealedCredential = resolved(
  kind('a name and what it holds, as name:base64', (value) => {
    const [name = '', ...rest] = value.split(':');
    return isCredential(name) && isBase64(rest.join(':')) && rest.length > 0;
  }),
);
const isBase64 = (text: string) => {
  const bare = text.replace(/\s+/g, '');
  return /^[A-Za-z0-9+/_-]*={0,2}$/.test(bare) && bare.length % 4 === 0;
};
export const base64 = kind('base64', isBase64);

const DUMPED = setOf(
  'private-anonymous shared-anonymous private-file-backed shared-file-backed elf-headers private-huge shared-huge ' +
    'private-dax shared-dax all default',
);
export const dumped = listOf(
  'a kind of memory such as private-anonymous, or a mask such as 0x33',
  (word) => DUMPED.has(word) || /^\+?(0x)?[\da-f]{1,16}$/i.test(word),
);
const LEVELS = 'emerg alert crit err warning notice info debug';
export const level = either(
  `one of ${LEVELS.replaceAll(' ', ', ')}, or 0 to 7`,
  oneOf(LEVELS),
  kind('', (value) => isWithin(value, 0, 7)),
);
const FACILITIES =
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp local0 local1 local2 local3 local4 local5 local6 local7';
export const facility = either(
  `one of ${FACILITIES.replaceAll(' ', ', ')}`,
  oneOf(FACILITIES),
  kind('', (value) => isWithin(value, 0, 127)),
);
export const policy = oneOf('default preferred bind interleave local weighted-interleave');

const isSignal = (word: string) => signalName(word) !== null;
const isEnding = (word: string) => exitStatus(word) !== null || isSignal(word);
export const signal = kind('a signal such as SIGTERM', isSignal);
/** What counts as the end of a service: a number, systemd's name for it, or a signal. */
export const endings = listOf('an exit status or a signal', isEnding);

export const openFile = resolved(
  kind('an absolute path, or /path:name:options', (value) => {
    const [file = '', , options, ...more] = value.split(':');
    return (
      file.startsWith('/') && more.length === 0 && /^((read-only|append|truncate|graceful)(,|$))*$/.test(options ?? '')
    );
  }),
);
export const rootHash = resolved(
  kind(
    'an absolute path or a hash in hexadecimal',
    (value) => value.startsWith('/') || /^([\da-f]{2}){16,}$/i.test(value),
  ),
);
export const rootSignature = resolved(
  kind(
    'an absolute path or base64:…',
    (value) => value.startsWith('/') || (value.startsWith('base64:') && isBase64(value.slice(7))),
  ),
);

/** What systemd does with the whole host. */
export const actions = oneOf(
  'none exit exit-force reboot reboot-force reboot-immediate poweroff poweroff-force poweroff-immediate soft-reboot ' +
    'soft-reboot-force kexec kexec-force halt halt-force halt-immediate',
);
