/** What an entry in the crontab comes to, before it is made and after. */
export const CRONTAB = {
  none: 'the crontab has no line of this project\n',
  there: (line: string) => `it is there already:\n${line}\n`,
  written: 'written; what a run prints is mailed to you by cron\n',
  taken: 'taken out\n',
  /** `who` reads it, at a place of the inventory. */
  unset: (variable: string, who: string, at: string) =>
    `warning: a run will not have ${variable}, which a secret of ${who} is read from (${at}): no environment of yours is there then; put it into a file of mode 0600, and name that file there\n`,
} as const;

/** The same of a timer. */
export const TIMER = {
  none: 'there is no timer of this project\n',
  there: (name: string) => `it is there already: ${name}.timer\n`,
  taken: 'stopped and taken away\n',
  /** `lingers` is null where nobody says. */
  started: (name: string, system: boolean, lingers: boolean | null, user: string) =>
    [
      `started; what a run prints stands in the journal: journalctl ${system ? '' : '--user '}-u ${name}`,
      ...(lingers === false ? [`it runs only while you are logged in: loginctl enable-linger ${user}`] : []),
      '',
    ].join('\n'),
  notStarted: (why: string, folder: string) => `the units stand in ${folder}, and the timer was not started: ${why}`,
  mayRun: (why: string) => `the units are gone, and the timer may still run: ${why}`,
} as const;

/** Lines that go and come; every other one stays as it is. */
export function crontabChange(before: string, after: string): string {
  const [old, fresh] = [before.split('\n'), after.split('\n')];
  const gone = old.filter((one) => !fresh.includes(one)).map((one) => `- ${one}\n`);
  const come = fresh.filter((one) => !old.includes(one)).map((one) => `+ ${one}\n`);
  return [...gone, ...come].join('');
}
