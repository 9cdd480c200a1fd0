import { expandServices } from '../../unit/graph/graph.ts';
import { effectiveUnit } from '../../unit/settings/effective.ts';
import { readService } from '../../unit/settings/read-service.ts';
import { unitType } from '../../unit/syntax/name.ts';
import { type SpecifierValues, SYSTEM_SPECIFIERS } from '../../unit/syntax/specifiers.ts';
import type { RecordFile, RecordInput, Runtime, RuntimeRecord } from '../define.ts';
import { findings } from '../findings.ts';
import { serviceConf } from './conf.ts';
import { refusals } from './refusals.ts';
import { commandScript, launchScript } from './script.ts';
import { shortfall } from './shortfall.ts';

const REASONS: Readonly<Record<string, string>> = {
  timer: 'timers need systemd; use a cron line instead',
  socket: 'socket activation needs systemd; let the service listen by itself',
  path: 'path units need systemd; let the service watch the path',
  mount: 'mounts need systemd; use /etc/fstab',
  automount: 'mounts need systemd; use /etc/fstab',
  swap: 'swaps need systemd; use /etc/fstab',
  slice: 'slices need systemd',
};

/** Without root, units mean what they mean to a user's manager, and where its folders are is not known here. */
function specifiers({ uid, user }: RecordInput['host']): SpecifierValues {
  if (uid === 0) return SYSTEM_SPECIFIERS;
  return new Map([
    ['u', user],
    ['U', String(uid)],
    ['T', '/tmp'],
    ['V', '/var/tmp'],
  ]);
}

type Part = Pick<RuntimeRecord, 'files' | 'warnings' | 'unsupported'>;

/** One service: its files, what is lost without systemd, and what cannot be done. */
function service(name: string, order: number, together: readonly string[], input: RecordInput): Part {
  const { units, host, layout } = input;
  const unit = effectiveUnit(units, name);
  if (!unit) return { files: [], warnings: [], unsupported: [`${name} is none of the deployed units`] };
  const read = readService(unit, specifiers(host));
  const it = read.service;
  const account = host.uid === 0 ? { user: it.user || 'root', group: it.group } : { user: host.user, group: '' };
  const found = findings(read.problems);
  const lost = shortfall(unit, it, together);
  const elsewhere = it.environmentFiles.filter(({ path }) => !path.startsWith(`${layout.root}/`));
  const files: RecordFile[] = [
    { path: `services/${name}.conf`, text: serviceConf(it, account, order), mode: 0o600 },
    { path: `services/${name}.run`, text: launchScript(it, account.user), mode: 0o600 },
  ];
  for (const [suffix, commands] of [
    ['reload', it.execReload],
    ['stop', it.execStop],
  ] as const) {
    const text = commandScript(it, commands, account.user);
    if (commands.length > 0) files.push({ path: `services/${name}.${suffix}`, text, mode: 0o600 });
  }
  const say = (text: string) => `${name}: ${text}`;
  return {
    files,
    warnings: [
      ...found.warnings,
      ...(lost.length > 0 ? [say(`without systemd these are not honoured: ${lost.join(', ')}`)] : []),
      ...elsewhere.map(({ path }) =>
        say(`${path} is read by sh, which takes quotes and $ otherwise than systemd does`),
      ),
    ],
    unsupported: [
      ...found.unsupported,
      ...read.unresolved.map((specifier) => say(`${specifier} needs systemd; write the value instead`)),
      ...refusals(unit, it, host).map(say),
    ],
  };
}

/** A supervisor of our own keeps the services, from the same unit files. */
export const nohup: Runtime = {
  name: 'nohup',
  record(input) {
    const { start, missing, problems } = expandServices(input.units, input.enable);
    const services = start.filter((name) => unitType(name) === 'service');
    const targets = start.filter((name) => unitType(name) === 'target' && !missing.includes(name));
    const parts = services.map((name, i) => service(name, i, start, input));
    const others = start.filter((name) => !services.includes(name) && !targets.includes(name));
    const reboot =
      input.host.boot === 'none' ? ['nothing on this host starts the app after a reboot: install and start cron'] : [];
    return {
      files: parts.flatMap((part) => part.files),
      start: services,
      // What runs comes back: at boot there is one line for the whole app.
      enable: services,
      warnings: [...problems, ...reboot, ...parts.flatMap((part) => part.warnings)],
      unsupported: [
        ...others.map((name) => `${name}: ${REASONS[unitType(name)] ?? 'none of the deployed units'}`),
        ...parts.flatMap((part) => part.unsupported),
      ],
    };
  },
};
