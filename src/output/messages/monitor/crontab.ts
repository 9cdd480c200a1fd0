/** What an entry in the crontab comes to, before it is made and after. */
export const CRONTAB = {
  none: 'the crontab has no line of this project\n',
  there: (line: string) => `it is there already:\n${line}\n`,
  written: 'written; what a run prints is mailed to you by cron\n',
  taken: 'taken out\n',
} as const;

/** Lines that go and come; every other one stays as it is. */
export function crontabChange(before: string, after: string): string {
  const [old, fresh] = [before.split('\n'), after.split('\n')];
  const gone = old.filter((one) => !fresh.includes(one)).map((one) => `- ${one}\n`);
  const come = fresh.filter((one) => !old.includes(one)).map((one) => `+ ${one}\n`);
  return [...gone, ...come].join('');
}
