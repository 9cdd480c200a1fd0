import type { EffectiveUnit } from './effective.ts';
import { environment, environmentFiles } from './environment.ts';
import { type Output, parseOutput } from './output.ts';
import type { Problem } from './problem.ts';
import { KILL_MODES, RESTARTS, SERVICE_TYPES, type Service, type ServiceType } from './service.ts';
import { commands, endings, folders, limits, workingDirectory } from './service-settings.ts';
import { oneOf, parseBoolean, settingsOf } from './settings.ts';
import { signalName } from './signal.ts';
import { type SpecifierValues, SYSTEM_SPECIFIERS } from './specifiers.ts';

export type ReadService = {
  readonly service: Service;
  /** Of the files and of the values. One that is `refused` keeps systemd from loading the unit. */
  readonly problems: readonly Problem[];
  /** Specifiers left in the text because they need facts of the host. */
  readonly unresolved: readonly string[];
};

const integer = (low: number, high: number) => (text: string) => {
  const n = Number(text);
  return /^[+-]?\d+$/.test(text) && n >= low && n <= high ? n : null;
};
const octal = (text: string) => (/^[0-7]{1,5}$/.test(text) ? Number.parseInt(text, 8) : null);
const name = (text: string) => (/^[A-Za-z0-9_][A-Za-z0-9_.@-]*\$?$/.test(text) ? text : null);

/** Reads a service. Never throws; problems do not keep the rest from being read. */
export function readService(unit: EffectiveUnit, values: SpecifierValues = SYSTEM_SPECIFIERS): ReadService {
  const settings = settingsOf(unit, values);
  const { scalar, words, resolve } = settings;
  const execStart = commands(settings, 'ExecStart');
  const implied: ServiceType = execStart.length === 0 ? 'oneshot' : 'simple';
  const hasBus = settings.all('Service', 'BusName').length > 0;
  const type = scalar('Service', 'Type', oneOf(SERVICE_TYPES), execStart.length > 0 && hasBus ? 'dbus' : implied);
  const output = (key: string, fallback: Output) =>
    scalar('Service', key, (text) => parseOutput(resolve(text) ?? ''), fallback);

  const service: Service = {
    name: unit.name,
    type,
    execStartPre: commands(settings, 'ExecStartPre'),
    execStart,
    execStartPost: commands(settings, 'ExecStartPost'),
    execReload: commands(settings, 'ExecReload'),
    execStop: commands(settings, 'ExecStop'),
    workingDirectory: workingDirectory(settings),
    environment: environment(settings),
    environmentFiles: environmentFiles(settings),
    passEnvironment: words('Service', 'PassEnvironment'),
    user: scalar('Service', 'User', (text) => name(resolve(text) ?? ''), ''),
    group: scalar('Service', 'Group', (text) => name(resolve(text) ?? ''), ''),
    supplementaryGroups: words('Service', 'SupplementaryGroups'),
    umask: scalar('Service', 'UMask', octal, 0o022),
    nice: scalar('Service', 'Nice', integer(-20, 19), 0),
    restart: scalar('Service', 'Restart', oneOf(RESTARTS), 'no'),
    ...limits(settings, type),
    killSignal: scalar('Service', 'KillSignal', signalName, 'TERM'),
    killMode: scalar('Service', 'KillMode', oneOf(KILL_MODES), 'control-group'),
    successExitStatus: endings(settings, 'SuccessExitStatus'),
    restartPreventExitStatus: endings(settings, 'RestartPreventExitStatus'),
    standardOutput: output('StandardOutput', { to: 'journal' }),
    standardError: output('StandardError', { to: 'inherit' }),
    runtimeDirectory: folders(settings, 'RuntimeDirectory', octal),
    stateDirectory: folders(settings, 'StateDirectory', octal),
    cacheDirectory: folders(settings, 'CacheDirectory', octal),
    logsDirectory: folders(settings, 'LogsDirectory', octal),
    configurationDirectory: folders(settings, 'ConfigurationDirectory', octal),
    remainAfterExit: scalar('Service', 'RemainAfterExit', parseBoolean, false),
    syslogIdentifier: scalar('Service', 'SyslogIdentifier', resolve, ''),
  };
  refuseImpossible(service, settings.refuse);
  return { service, problems: [...unit.problems, ...settings.problems], unresolved: [...settings.unresolved] };
}

/** The combinations for which systemd refuses to load a service. */
function refuseImpossible(service: Service, refuse: (message: string) => void): void {
  const { type, restart, execStart, execStop, remainAfterExit } = service;
  if (execStart.length === 0 && execStop.length === 0) refuse('a service needs ExecStart= or ExecStop=');
  else if (execStart.length === 0 && !remainAfterExit) refuse('a service without ExecStart= needs RemainAfterExit=yes');
  else if (execStart.length === 0 && type !== 'oneshot') refuse(`Type=${type} needs ExecStart=`);
  if (execStart.length > 1 && type !== 'oneshot') refuse('only Type=oneshot may have several ExecStart=');
  if (type === 'oneshot' && (restart === 'always' || restart === 'on-success'))
    refuse(`Type=oneshot cannot have Restart=${restart}`);
}
