import type { HostFacts } from '../../model/facts.ts';
import { assigned, type EffectiveUnit } from '../../unit/settings/effective.ts';
import type { Service } from '../../unit/settings/service.ts';
import { parseBoolean } from '../../unit/settings/settings.ts';
import { serviceFolders } from './conf.ts';

/** What only root could do for a service. A group named like the login is taken for the login's own. */
function needsRoot(service: Service, host: HostFacts): readonly string[] {
  const { user, group, nice } = service;
  const groups = [group, ...service.supplementaryGroups].filter((name) => name !== '' && name !== host.user);
  const why: string[] = [];
  if (user !== '' && user !== host.user && user !== String(host.uid))
    why.push(`User=${user} needs root, which ${host.user} does not have here; leave User= out or log in as ${user}`);
  if (groups.length > 0) why.push(`Group= and SupplementaryGroups= (${groups.join(', ')}) need root`);
  if (nice < 0) why.push(`Nice=${nice} needs root`);
  if (serviceFolders(service).length > 0) why.push('RuntimeDirectory=, StateDirectory= and their like need root');
  return why;
}

/** What the nohup runtime cannot do for a service on this host, each with its fix. */
export function refusals(unit: EffectiveUnit, service: Service, host: HostFacts): readonly string[] {
  const why: string[] = [];
  const dynamic = assigned(unit, 'Service', 'DynamicUser').at(-1)?.value ?? 'no';
  if (service.type === 'forking')
    why.push('Type=forking needs systemd; keep the program in the foreground and use Type=simple');
  if (service.type === 'dbus') why.push('Type=dbus needs systemd; use Type=simple');
  if (parseBoolean(dynamic)) why.push('DynamicUser= needs systemd; make an account and name it in User=');
  return host.uid === 0 ? why : [...why, ...needsRoot(service, host)];
}
