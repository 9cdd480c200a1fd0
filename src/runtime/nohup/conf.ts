import { quote } from '../../shell/sh.ts';
import type { Output } from '../../unit/settings/output.ts';
import type { Endings, Folders, Service } from '../../unit/settings/service.ts';
import { signalNumber } from '../../unit/values/signal.ts';

export type Account = {
  /** Name or number of the account that the service runs as. */
  readonly user: string;
  /** '' for the user's own group. */
  readonly group: string;
};

/** Longer than any host runs: stands for "no limit", so that nobody downstream needs a special case. */
const ENDLESS = 999_999_999;

/** Decimal without an exponent, to the microsecond. */
const seconds = (n: number) =>
  Math.min(n, ENDLESS)
    .toFixed(6)
    .replace(/\.?0+$/, '');

/** A signal stands as its name and as the status 128+N that a shell's `wait` makes of it. */
const words = ({ statuses, signals }: Endings) =>
  [
    ...statuses,
    ...signals.flatMap((name) => [name, ...(signalNumber(name) > 0 ? [128 + signalNumber(name)] : [])]),
  ].join(' ');

function stream(output: Output, inherited: string): string {
  switch (output.to) {
    case 'file':
      return output.path;
    case 'null':
      return 'null';
    case 'inherit':
      return inherited;
    case 'journal':
    case 'other':
      return 'log';
  }
}

/** The folders that systemd makes for a service, with the variable that tells the service where they are. */
export function serviceFolders(
  service: Service,
): readonly { readonly variable: string; readonly paths: readonly string[]; readonly mode: number }[] {
  const made = (variable: string, root: string, { names, mode }: Folders) => ({
    variable,
    paths: names.map((name) => `${root}/${name}`),
    mode,
  });
  return [
    made('RUNTIME_DIRECTORY', '/run', service.runtimeDirectory),
    made('STATE_DIRECTORY', '/var/lib', service.stateDirectory),
    made('CACHE_DIRECTORY', '/var/cache', service.cacheDirectory),
    made('LOGS_DIRECTORY', '/var/log', service.logsDirectory),
    made('CONFIGURATION_DIRECTORY', '/etc', service.configurationDirectory),
  ].filter(({ paths }) => paths.length > 0);
}

/** A failing command with the prefix `-` is no failure: then every way to end counts as success. */
function success(service: Service): string {
  if (!service.execStart.at(-1)?.ignoreFailure) return words(service.successExitStatus);
  return words({ statuses: Array.from({ length: 255 }, (_, i) => i + 1), signals: [] });
}

/**
 * Settings of one service for the host's supervisor, which sources the file: assignments only, in a fixed vocabulary.
 * Times are seconds; no limit is `0` for the start interval and 999999999 for the two timeouts.
 */
export function serviceConf(service: Service, account: Account, order: number): string {
  const stdout = stream(service.standardOutput, 'log');
  const limited = service.startLimitBurst > 0;
  const folders = serviceFolders(service).flatMap(({ paths, mode }) =>
    paths.map((path) => `${path} ${mode.toString(8).padStart(4, '0')}`),
  );
  const settings: readonly (readonly [name: string, value: string])[] = [
    ['unit', service.name],
    ['type', service.type === 'oneshot' ? 'oneshot' : 'simple'],
    ['user', account.user],
    ['group', account.group],
    ['groups', service.supplementaryGroups.join(' ')],
    ['nice', String(service.nice)],
    ['restart', service.restart],
    ['restart_delay', seconds(service.restartSec)],
    ['start_burst', String(service.startLimitBurst)],
    ['start_interval', limited ? seconds(service.startLimitIntervalSec) : '0'],
    ['start_timeout', seconds(service.timeoutStartSec)],
    ['stop_timeout', seconds(service.timeoutStopSec)],
    ['kill_signal', service.killSignal],
    ['success', success(service)],
    ['prevent', words(service.restartPreventExitStatus)],
    ['remain', service.remainAfterExit ? '1' : '0'],
    ['stdout', stdout],
    ['stderr', stream(service.standardError, stdout)],
    ['dirs', folders.join('\n')],
    ['order', String(order)],
  ];
  return settings.map(([name, value]) => `svc_${name}=${quote(value)}\n`).join('');
}
