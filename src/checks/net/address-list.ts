import { BlockList, isIP } from 'node:net';
import { wildcardPattern } from '../../util/glob.ts';

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

function fits(address: string, entry: string): boolean {
  const [net = '', bits = null] = entry.split('/');
  if (isIP(net) === 0) return wildcardPattern(entry, 'i').test(address);
  const size = Number(bits ?? (isIP(net) === 6 ? 128 : 32));
  if (!Number.isInteger(size) || size < 0 || size > (isIP(net) === 6 ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(net, size, familyOf(net));
  return isIP(address) !== 0 && list.check(address, familyOf(address));
}

/** Whether a list of sshd's has an address: addresses, networks and wildcards with commas between; one that begins with `!` takes it out. */
export function isListed(address: string, list: string): boolean {
  const entries = list.split(',').map((entry) => entry.trim());
  const named = (mark: boolean) =>
    entries.some((entry) => entry.startsWith('!') === mark && fits(address, entry.replace(/^!/, '')));
  return named(false) && !named(true);
}
