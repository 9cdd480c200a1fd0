import { environmentWord } from '../unit/syntax/words.ts';

export type Job = {
  readonly every: string;
  /** Absolute: node, fleet, the project. */
  readonly node: string;
  readonly program: string;
  readonly project: string;
  /** What a service's own environment lacks. */
  readonly env: Readonly<Record<string, string>>;
};

/** A word of ExecStart=. */
const word = (text: string) =>
  /^[\w./:@+,=-]+$/.test(text)
    ? text
    : `"${text.replace(/[\\"%$]/g, (c) => (c === '%' || c === '$' ? c + c : `\\${c}`))}"`;

/**
 * The service and the timer in the place of a line of the crontab; null where a path has a line break. A service that failed
 * could not look: what a look finds is told by itself.
 */
export function timerUnits({ every, node, program, project, env }: Job): { service: string; timer: string } | null {
  if (/[\n\r\0]/.test([node, program, project, ...Object.values(env)].join(''))) return null;
  const words = [node, program, 'health', '--cron', '--exit-zero', '--every', every, '-C', project];
  return {
    service: [
      ...['[Unit]', `Description=fleet health of ${project.replaceAll('%', '%%')}`, '', '[Service]', 'Type=oneshot'],
      ...Object.entries(env).map(([name, value]) => `Environment=${environmentWord(name, value)}`),
      ...[`ExecStart=${words.map(word).join(' ')}`, ''],
    ].join('\n'),
    timer: [
      ...['[Unit]', `Description=fleet health of ${project.replaceAll('%', '%%')}, every ${every}`, ''],
      ...['[Timer]', 'OnActiveSec=15s', `OnUnitActiveSec=${every}`, 'AccuracySec=5s', ''],
      ...['[Install]', 'WantedBy=timers.target', ''],
    ].join('\n'),
  };
}
