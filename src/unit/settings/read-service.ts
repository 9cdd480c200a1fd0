import type { Problem } from '../syntax/problem.ts';
import { type SpecifierValues, SYSTEM_SPECIFIERS } from '../syntax/specifiers.ts';
import { isWithin, wholeNumber } from '../values/number.ts';
import { signalName } from '../values/signal.ts';
import { isAccount } from './account.ts';
import type { EffectiveUnit } from './effective.ts';
import { environment, environmentFiles } from './environment.ts';
import { type Output, parseOutput } from './output.ts';
import { KILL_MODES, RESTARTS, SERVICE_TYPES, type Service, type ServiceType } from './service.ts';
import { commands, endings, folders, limits, workingDirectory } from './service-settings.ts';
import { oneOf, parseBoolean, type Settings, settingsOf } from './settings.ts';

export type ReadService = {
  readonly service: Service;
  /** Of the files and of the values. One that is `refused` keeps systemd from loading the unit. */
  readonly problems: readonly Problem[];
  /** Specifiers left in the text because they need facts of the host. */
  readonly unresolved: readonly string[];
};

const integer = (low: number, high: number) => (text: string) => (isWithin(text, low, high) ? wholeNumber(text) : null);
const octal = (text: string) => (/^[0-7]{1,5}$/.test(text) ? Number.parseInt(text, 8) : null);
const account = (text: string) => (isAccount(text) ? text : null);

/** Reads a service. Never throws; problems do not keep the rest from being read. */
export function readService(unit: EffectiveUnit, values: SpecifierValues = SYSTEM_SPECIFIERS): ReadService {
  const settings = settingsOf(unit, values);
  const { scalar, words, resolve } = settings;
  const execStart = commands(settings, 'ExecStart');
  // A command that cannot be read is one all the same.
  const implied: ServiceType = settings.all('Service', 'ExecStart').length === 0 ? 'oneshot' : 'simple';
  const hasBus = settings.all('Service', 'BusName').length > 0;
  const type = scalar('Service', 'Type', oneOf(SERVICE_TYPES), execStart.length > 0 && hasBus ? 'dbus' : implied);
  const output = (key: string, fallback: Output) =>
    scalar('Service', key, (text) => parseOutput(resolve(text) ?? ''), fallback);

  const service: Service = {
    name: unit.name,
    type,
    execCondition: commands(settings, 'ExecCondition'),
    execStartPre: commands(settings, 'ExecStartPre'),
    execStart,
    execStartPost: commands(settings, 'ExecStartPost'),
    execReload: commands(settings, 'ExecReload'),
    execStop: commands(settings, 'ExecStop'),
    execStopPost: commands(settings, 'ExecStopPost'),
    workingDirectory: workingDirectory(settings),
    environment: environment(settings),
    environmentFiles: environmentFiles(settings),
    passEnvironment: words('Service', 'PassEnvironment'),
    user: scalar('Service', 'User', (text) => account(resolve(text) ?? ''), ''),
    group: scalar('Service', 'Group', (text) => account(resolve(text) ?? ''), ''),
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
  refuseImpossible(service, settings, scalar('Unit', 'SuccessAction', resolve, 'none') !== 'none');
  return { service, problems: [...unit.problems, ...settings.problems], unresolved: [...settings.unresolved] };
}

/** The combinations for which systemd refuses to load a service. */
function refuseImpossible(service: Service, settings: Settings, acts: boolean): void {
  const { refuse } = settings;
  const { type, restart, execStart, execStop, remainAfterExit } = service;
  // A command that could not be read is no missing one: what would follow from its absence is not said as well.
  const unread = execStart.length === 0 && settings.all('Service', 'ExecStart').length > 0;
  const empty = execStart.length === 0 && !unread;
  if (empty && execStop.length === 0 && !acts) refuse('a service needs ExecStart=, ExecStop= or SuccessAction=');
  else if (empty && !remainAfterExit && !acts) refuse('a service without ExecStart= needs RemainAfterExit=yes');
  else if (empty && type !== 'oneshot') refuse(`Type=${type} needs ExecStart=`);
  if (execStart.length > 1 && type !== 'oneshot') refuse('only Type=oneshot may have several ExecStart=');
  if (!empty && type === 'oneshot' && (restart === 'always' || restart === 'on-success'))
    refuse(`Type=oneshot cannot have Restart=${restart}`);
}
