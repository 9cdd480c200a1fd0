import { type Command, parseCommandLine } from '../syntax/command-line.ts';
import { splitWords } from '../syntax/words.ts';
import { parseDuration } from '../values/duration.ts';
import { exitStatus } from '../values/exit-status.ts';
import { isWithin, wholeNumber } from '../values/number.ts';
import { signalName } from '../values/signal.ts';
import type { Endings, Folders, Service, ServiceType, WorkingDirectory } from './service.ts';
import type { Settings } from './settings.ts';

/** All commands of an Exec…= key. */
export function commands(settings: Settings, key: string): readonly Command[] {
  return settings.all('Service', key).flatMap((assignment) => {
    const line = parseCommandLine(assignment.value, settings.resolve);
    const effect = line.forgiven ? 'ignored' : 'refused';
    if (line.problem !== null) settings.report(assignment, `${key}: ${line.problem}`, effect);
    return line.commands;
  });
}

export function workingDirectory(settings: Settings): WorkingDirectory {
  const read = (text: string): WorkingDirectory | null => {
    const value = settings.resolve(text) ?? '';
    const optional = value.startsWith('-');
    const path = optional ? value.slice(1) : value;
    return path === '~' || path.startsWith('/') ? { path, optional } : null;
  };
  return settings.scalar('Service', 'WorkingDirectory', read, { path: '/', optional: false });
}

/** SuccessExitStatus= and RestartPreventExitStatus=: numbers, systemd's names for them, and signals. */
export function endings(settings: Settings, key: string): Endings {
  const statuses: number[] = [];
  const signals: string[] = [];
  for (const assignment of settings.all('Service', key)) {
    for (const word of assignment.value.split(/\s+/)) {
      const status = exitStatus(word);
      const signal = signalName(word);
      if (status !== null) statuses.push(status);
      else if (signal !== null) signals.push(signal);
      else settings.report(assignment, `${key}: ${word} is neither an exit status nor a signal`);
    }
  }
  return { statuses, signals };
}

/** RuntimeDirectory= and its like. `name:link` makes the folder and a link to it; only the folder is kept here. */
export function folders(settings: Settings, key: string, mode: (text: string) => number | null): Folders {
  const names = settings.all('Service', key).flatMap((assignment) => {
    const words = splitWords(assignment.value, 'c').words.flatMap((word) => settings.resolveAt(word, assignment) ?? []);
    const found = words.map((word) => word.replace(/:.*$/, ''));
    const valid = found.filter((path) => path !== '' && !path.startsWith('/') && !path.split('/').includes('..'));
    if (valid.length < found.length) settings.report(assignment, `${key}: only relative paths without ".." count`);
    return valid;
  });
  return { names, mode: settings.scalar('Service', `${key}Mode`, mode, 0o755) };
}

/** 0 means "no limit" for the two timeouts of systemd that are read here. */
const timeout = (text: string) => {
  const seconds = parseDuration(text);
  return seconds === 0 ? Number.POSITIVE_INFINITY : seconds;
};

const count = (text: string) => (isWithin(text, 0, 0xffff_ffff) ? wholeNumber(text) : null);

type Limits = Pick<
  Service,
  'restartSec' | 'startLimitIntervalSec' | 'startLimitBurst' | 'timeoutStartSec' | 'timeoutStopSec'
>;

/**
 * Restart delay, start limit and timeouts.
 * StartLimitIntervalSec= counts in [Unit] alone; its old name StartLimitInterval= and StartLimitBurst= in both sections.
 */
export function limits(settings: Settings, type: ServiceType): Limits {
  for (const misplaced of settings.all('Service', 'StartLimitIntervalSec'))
    settings.report(misplaced, 'StartLimitIntervalSec= belongs in [Unit]; systemd ignores it in [Service]');
  const { scalar } = settings;
  const seconds = (section: string, key: string, fallback: number) => scalar(section, key, parseDuration, fallback);
  const oldInterval = seconds('Service', 'StartLimitInterval', seconds('Unit', 'StartLimitInterval', 10));
  const burst = scalar('Unit', 'StartLimitBurst', count, 5);
  return {
    restartSec: seconds('Service', 'RestartSec', 0.1),
    startLimitIntervalSec: seconds('Unit', 'StartLimitIntervalSec', oldInterval),
    startLimitBurst: scalar('Service', 'StartLimitBurst', count, burst),
    timeoutStartSec: scalar('Service', 'TimeoutStartSec', timeout, type === 'oneshot' ? Number.POSITIVE_INFINITY : 90),
    timeoutStopSec: scalar('Service', 'TimeoutStopSec', timeout, 90),
  };
}
