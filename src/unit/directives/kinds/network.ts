import { isWithin, wholeNumber } from '../../values/number.ts';
import { either, kind, listOf, oneOf, resolved } from './kind.ts';

const isPort = (text: string) => isWithin(text, 1, 65_535);
const isFour = (text: string) => /^(\d{1,3}\.){3}\d{1,3}$/.test(text) && text.split('.').every((n) => Number(n) < 256);
const isSix = (text: string) => {
  const groups = text.split(':');
  const last = groups.at(-1) ?? '';
  const hex = groups.every((group, i) => /^[\da-f]{0,4}$/i.test(group) || (i === groups.length - 1 && isFour(last)));
  const width = groups.length + (last.includes('.') ? 1 : 0);
  const short = text.includes('::') && text.indexOf('::') === text.lastIndexOf('::') && !/^:[^:]|[^:]:$/.test(text);
  return hex && (short ? width <= 9 : width === 8 && groups.every((group) => group !== ''));
};

const isSocketFile = (text: string) =>
  text.startsWith('/') ? text.length > 1 && text.length < 108 : /^@.{1,106}$/.test(text);

function isListening(text: string): boolean {
  if (/^[/@]/.test(text)) return isSocketFile(text);
  if (wholeNumber(text) !== null) return isPort(text);
  if (/^vsock(-\w+)?:\d*:\d+$/.test(text)) return true;
  const [, six, scope = '', port] = /^\[([^\]%]*)(%\w+)?\]:(\d+)$/.exec(text) ?? [];
  if (six !== undefined) return isSix(six) && isPort(port ?? '') && scope !== '%';
  const [, four = '', rest = ''] = /^([^:]*):(\d+)$/.exec(text) ?? [];
  return isFour(four) && isPort(rest);
}

export const listening = resolved(
  kind('a port, an address with a port such as 127.0.0.1:80 or [::1]:80, a path, or @name', isListening),
);
export const sequential = resolved(kind('an absolute path or @name', isSocketFile));
const NETLINKS = new Set(
  (
    'route firewall inet-diag nflog xfrm selinux iscsi audit fib-lookup connector netfilter ip6-fw dnrtmsg ' +
    'kobject-uevent generic scsitransport ecryptfs rdma'
  ).split(' '),
);
export const netlink = resolved(
  kind('a netlink family such as route, and a group', (value) => {
    const [family = '', group, ...more] = value.split(/\s+/);
    const known = NETLINKS.has(family) || isWithin(family, 0, 0x7fff_ffff);
    return known && more.length === 0 && (group === undefined || isWithin(group, 0, 0xffff_ffff));
  }),
);

const isNetwork = (word: string) => {
  if (/^(any|localhost|link-local|multicast)$/.test(word)) return true;
  const [, address = '', length] = /^([^/]*)(?:\/(\d+))?$/.exec(word) ?? [];
  const bits = Number(length ?? 0);
  return (isFour(address) && bits <= 32) || (isSix(address) && bits <= 128);
};
export const networks = resolved(
  listOf('any, localhost, link-local, multicast, or an address such as 10.0.0.0/8', isNetwork),
);

/** `ipv4:tcp:8080-8090`, each part of it optional. */
export const binds = kind('any, or a port such as ipv4:tcp:8080', (value) => {
  if (value === 'any') return true;
  const parts = value.split(':');
  const last = parts.at(-1) ?? '';
  const ports = last.split('-');
  const ported = ports.length <= 2 && ports.every((port) => isWithin(port, 0, 65_535));
  const rest = (ported || last === 'any' ? parts.slice(0, -1) : parts).join(':');
  return (
    parts.length <= 3 &&
    (rest === '' || /^(ipv4|ipv6)(:(tcp|udp))?$|^(tcp|udp)$/.test(rest)) &&
    (ported || last === 'any' || rest !== '')
  );
});

export const service = either(
  'one of low-delay, throughput, reliability, low-cost, or a number up to 255',
  oneOf('low-delay throughput reliability low-cost'),
  kind('', (value) => isWithin(value, 0, 255)),
);
