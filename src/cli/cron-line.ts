import { quote } from '../shell/sh.ts';

/** How often, as cron has it: only what is as far apart at the end of an hour, or of a day, as anywhere else. */
export function scheduleOf(every: string): string | null {
  const [, amount = '', unit] = /^(\d+)(m|h)$/.exec(every) ?? [];
  const minutes = Number(amount) * (unit === 'h' ? 60 : 1);
  if (minutes >= 1 && minutes < 60 && 60 % minutes === 0) return `${minutes === 1 ? '*' : `*/${minutes}`} * * * *`;
  const hours = minutes / 60;
  if (!Number.isInteger(hours) || hours < 1 || 24 % hours !== 0) return null;
  return `0 ${hours === 24 ? '0' : hours === 1 ? '*' : `*/${hours}`} * * *`;
}

export type Line = {
  readonly schedule: string;
  readonly every: string;
  /** Absolute: node, fleet, the project. */
  readonly node: string;
  readonly program: string;
  readonly project: string;
  /** What cron's own environment lacks. */
  readonly env: Readonly<Record<string, string>>;
  /** Names the project's line, at its end. */
  readonly mark: string;
};

/** The line; null where cron could not take it: `%` is a new line to it, whatever is around it. */
export function cronLine({ schedule, every, node, program, project, env, mark }: Line): string | null {
  const set = Object.entries(env).map(([name, value]) => `${name}=${quote(value)}`);
  const words = [node, program, 'health', '--cron', '--every', every, '-C', project].map(quote);
  const line = [schedule, ...set, ...words, mark].join(' ');
  return /[%\n\r\0]/.test(line) ? null : line;
}

/** Our own lines end so. */
export const markOf = (name: string): string => `# fleet health of ${name}`;

/** A crontab with this as the project's only line, or without one; every other line is as it was, to the byte. */
export function withLine(crontab: string, mark: string, line: string | null): string {
  const lines = crontab.split(/(?<=\n)/);
  const isOurs = (text: string) => text.trimEnd().endsWith(` ${mark}`) && !text.startsWith('#');
  const at = lines.findIndex(isOurs);
  const others = lines.filter((text) => !isOurs(text));
  if (line === null) return others.join('');
  const place = at === -1 ? others.length : at;
  const [above, below] = [others.slice(0, place).join(''), others.slice(place).join('')];
  return `${above}${above === '' || above.endsWith('\n') ? '' : '\n'}${line}\n${below}`;
}
