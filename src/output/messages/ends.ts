import type { FleetEvent, Summary } from '../../model/events.ts';
import type { Failure, HostOutcome } from '../../model/outcome.ts';

/** How a host can end, as `outcome` in the summary of `--json` has it, and what it is in then. */
export const OUTCOMES = {
  deployed: 'a new generation is live',
  unchanged: 'nothing to do: what is live is what the project says',
  'rolled-back': 'an earlier generation is live again',
  removed: 'the app is off the host',
  planned: 'looked at by `plan`; `pending` says whether a deploy would change something',
  reported: 'looked at by `status`, `history`, `lock` or `doctor`; see `report`',
  healthy: 'all is well',
  unhealthy: 'a service or a check is not well',
  done: 'what a person asked for between two deploys was done; see `work`',
  failed: 'that was begun and failed',
  untouched: 'nothing was changed on the host; `failure` says why',
  reverted: 'something was begun and taken back; `generation` is live, 0 is the host as it was found',
  stuck: 'the way back failed too: a person is needed',
  unknown: 'the host has decided, and could not be asked how',
} as const satisfies Readonly<Record<HostOutcome['end'], string>>;

/** Every way to fail by its `kind` in `--json`. What happened on the host and what to do stands in the message. */
export const FAILURES = {
  unreachable: 'no connection could be made',
  'auth-refused': 'the host lets this login in with none of the keys',
  'login-unusable': 'the login works and is of no use: it runs no commands, or another program in their place',
  'no-forwarding': "a login's sshd opens no connections from the host, and checks or a jump need one",
  'code-login-refused': 'the account of `uploadUser` cannot log in or run commands',
  'host-key-unknown': 'the key of the host is not known yet; `--accept-new` trusts it once',
  'host-key-changed': 'the key of the host is another one than the known one: always refused',
  'host-key-revoked': 'the key of the host was revoked',
  'connection-lost': 'the connection broke and could not be made again',
  'sudo-refused': 'root was asked for by sudo or doas, and not given',
  locked: 'somebody else is at work on the host, or holds it',
  'base-moved': 'somebody else deployed in the meantime',
  'needs-repair': 'an earlier run could not be taken back wholly',
  unsupported: 'the host lacks what is needed',
  'no-target': 'there is no generation to go back to',
  'same-machine': 'several names of the run lead to one machine',
  taken: 'another app of the host has what the playbook wants',
  occupied: 'the host itself has what the playbook wants',
  'second-copy': 'the app runs on the host already, or something starts it, and fleet knows nothing of it',
  'login-account': 'the playbook would change an account that somebody logs in with',
  'account-changed': 'services would run as another account, which cannot open what the one before has kept',
  'step-failed': 'a step on the host failed',
  'unsafe-root': "what stands at the app's root could be changed by somebody else than root",
  unrecorded: 'the record of what is live is gone, so that there is no way back to it',
  'not-as-sent': 'a file of the code arrived otherwise than it was read here',
  'before-start': 'a step before the start failed or took too long; nothing was switched',
  'not-settled': 'a service did not stay up',
  'not-as-meant': 'limits, watchdog or hardening took effect otherwise than the unit files say',
  unhealthy: 'a check of `health` did not pass in time',
  precondition: 'a check of `preconditions` did not pass',
  expired: 'nobody confirmed before the deadline, so the host went back by itself',
  'runner-died': 'the program that carries out the switch was killed on the host',
  cancelled: 'interrupted by a person',
  'timed-out': 'something took longer than its limit',
  'not-apart': 'the part that was named cannot be deployed by itself on what is live there',
  'over-limit': 'instances would be more than the playbook allows together',
  skipped: 'not begun, since another host of the run failed',
} as const satisfies Readonly<Record<Failure['kind'], string>>;

/** What can happen on a host, line by line in `--json`, by `type`. */
export const EVENTS = {
  phase: '`phase`: what the host is busy with from here on',
  planned: '`plan`: what is going to change',
  step: '`id`, `title`, `state`: a step was started, is done, failed, or was undone',
  progress: '`id`, `percent`, `rate`: how far a transfer is',
  output: '`id`, `stream`, `line`: what a command on the host prints',
  note: '`text`: what somebody should know',
  kept: '`units`: services that a switch leaves alone',
  away: '`unit`, `ms`: how long a restarted service was not there',
  again: '`unit`, `by`: a stopped unit comes back when another one asks for it',
  check: '`result`: how a check went',
  finding: '`finding`: what `doctor` found',
  fixed: '`fixed`: what `doctor --fix` has put right',
  ended: '`outcome`, `durationMs`: how the host ended',
} as const satisfies Readonly<Record<FleetEvent['type'], string>>;

/** What every line of `--json` has in common. */
export const LINES = [
  'With `--json` standard output has one JSON object per line and nothing else. The last one is the summary, with the exit code of the process; with `--quiet` it is the only one. People read the failures on standard error.',
  'Each line has `v`, the version of the lines: it goes up when a field changes its meaning or goes away. An event has `type`, `at` (milliseconds since 1970), `host`, `app`, and what the table says.',
] as const;

/** Before the lines that are neither an event nor a summary. */
export const OTHER_LINES =
  'Commands that tell of what they know in the place of events have lines of their own; schemas/line.schema.json has every field.';

/** The fields of the summary, its last line. */
export const SUMMARY = {
  command: 'its name',
  exitCode: 'that of the process, whatever the end was',
  hosts: 'each host and app with how it ended; empty where none was contacted',
} as const satisfies Readonly<Record<keyof Summary, string>>;

/** The fields of one of its hosts. */
export const SUMMARY_HOST: Readonly<Record<string, string>> = {
  'host, app': 'which',
  outcome: 'how it ended',
  generation: 'the one that is live, where that is known',
  durationMs: 'how long it took',
  failure: 'null, or `kind`, `message`, `next` (what to do) and what belongs to the kind',
  pending: 'of `plan`',
  left: 'of a deploy that went back: what it could not take back, `kind`, `name`, `because`',
  revert: 'of a host that is stuck: why the way back failed',
  checks: 'how each check went',
  work: 'what was done to services, or by a command',
  report: 'of `status`, `history`, `lock`, `doctor`',
};

/** Where nothing was contacted the summary has this too. */
export const SUMMARY_ERRORS =
  'Where nothing was contacted, by a wrong flag or an error in the project, the summary has `errors`: each with `message`, `hint`, `file`, `line` and `column`.';
