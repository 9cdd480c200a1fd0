import type { Cause, Need } from '../../../model/finding.ts';
import { unreachable } from '../../../model/outcome.ts';

/** Why a service is as it is, in words: `why` ends a sentence, `shown` are facts of the host. */
type CauseWords = { readonly why: string; readonly fix: readonly string[]; readonly shown: readonly string[] };

const words = (why: string, ...fix: string[]): CauseWords => ({ why, fix, shown: [] });

const READ_LOG = 'Read its last lines: it says there why it stopped.';

/** A sentence of the diagnosis table as the end of another one. */
const asEnd = (sentence: string) =>
  sentence.replace(/\.$/, '').replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase());

export function causeWords(cause: Cause, unit: string, account: string | null): CauseWords {
  const whom = account ?? 'root';
  switch (cause.why) {
    case 'port':
      return port(cause);
    case 'permission': {
      const path = cause.path ?? 'something that it needs';
      const closed = cause.need !== null && cause.need.state === 'closed' ? cause.need : null;
      return {
        why: `permission denied: ${whom} may not use ${path}`,
        fix: [
          closed === null
            ? `See who owns ${path} and the folders above it (\`namei -l ${cause.path ?? 'PATH'}\`); ProtectSystem= and ReadWritePaths= of the unit close paths too.`
            : `Give ${closed.part} to ${whom}, or open it for that account: in the playbook as \`directories:\` or \`data:\`, so that the next deploy keeps it so.`,
        ],
        shown: closed === null ? [] : [`${closed.part} has mode ${closed.mode} and is ${closed.owner}'s`],
      };
    }
    case 'need':
      return need(cause.need, whom);
    case 'account':
      return words(
        `the host has no account ${cause.name}, which its unit runs it as`,
        'Add a `user` task to the playbook, or make the account on the host.',
      );
    case 'not-loaded':
      return words(
        `systemd has not loaded its unit (${cause.load})`,
        cause.load === 'masked'
          ? `Somebody has masked it: \`systemctl unmask ${unit}\`. A file of it that was overwritten by that comes back with the next deploy.`
          : `See what systemd says of it: \`systemctl status ${unit}\`, \`systemd-analyze verify ${unit}\`.`,
      );
    case 'memory':
      return memory(cause.of);
    case 'watchdog':
      return words(
        'it gave no sign of life (WATCHDOG=1) for longer than WatchdogSec=, and was ended as hung',
        'Find what it hung on in its last lines; raise WatchdogSec= if a step may rightly take that long.',
      );
    case 'disk':
      return words(
        'it could not write: no room is left on its file system',
        'Make room there first (`df -h`, `df -i`).',
      );
    case 'read-only':
      return words(
        `it may only read${cause.path === null ? '' : ` ${cause.path}`}: the file system is read-only for it`,
        'Name the folder in ReadWritePaths= of the unit where ProtectSystem= closes it; where the whole file system turned ' +
          'read-only (`findmnt -O ro`), the disk may be failing: see `dmesg`.',
      );
    case 'open-files':
      return words(
        'it has as many files and connections open as it may',
        'Raise LimitNOFILE= in its unit, or find what it does not close.',
      );
    case 'dependency':
      return words(
        `${cause.name} is not installed, which it needs`,
        'Install it in the release by a `run` task (`pip install`, `npm ci`), or as a package of the host by a `packages` task.',
      );
    case 'processor':
      return words(
        'its program was built for another kind of processor',
        'Build it for this one (`uname -m` on the host), in a `run` task or beforehand.',
      );
    case 'peer':
      return peer(cause);
    case 'setting':
      return words(
        `the setting ${cause.name} is missing or empty`,
        `Put ${cause.name} into the secrets that the playbook's \`env\` task reads, and name it under \`required:\` there, so that no deploy goes without it.`,
      );
    case 'no-file':
      return words(
        `${cause.path} is not there, which it wants to open`,
        'See that the path is right, and that the release, a `files` task or the program itself puts it there.',
      );
    case 'conflict':
      return words(
        'somebody else polls Telegram with the same token, which it allows once',
        'Let one service of one host do it: `exclusive:` in the playbook keeps a name to one host. Look for an older copy that still runs.',
      );
    case 'supervisor':
      return words(
        'the supervisor that kept it up is gone, or not the one that is on record',
        'Something has killed it (no memory, a person, a login that ended with all its processes): a deploy puts it back.',
      );
    case 'stopped':
      return words(
        'it did not fail: somebody has stopped it, or its program ended by itself without an error',
        'Where nobody has stopped it: a service must stay in the foreground, so leave out the option that makes it a daemon.',
      );
    case 'neighbour':
      return words(
        `its unit file is that of the app ${cause.app} of this host by now`,
        'Give one of the two another name: one unit file serves one app.',
      );
    case 'unknown':
      return words('why it ended before is not known', READ_LOG);
    case 'ended':
      return words(asEnd(cause.says.cause), cause.says.cure);
    default:
      return unreachable(cause);
  }
}

function port({ port, by }: Extract<Cause, { why: 'port' }>): CauseWords {
  const which = port === null ? 'its port' : `port ${port}`;
  if (by === null)
    return words(
      `${which} was in use when it started`,
      'Nobody listens there by now. Two copies that started at once, or one that stopped slowly, look like this: see that its unit has one way to start.',
    );
  return {
    why: `${which} is in use: ${by}`,
    fix: ['Stop whoever listens there, where it is not meant, or give one of the two another port.'],
    shown: [],
  };
}

function memory(of: Extract<Cause, { why: 'memory' }>['of']): CauseWords {
  switch (of) {
    case 'limit':
      return words(
        'it ran out of memory: it used more than it may, and the kernel killed it',
        'Raise MemoryMax= in its unit, let it use less, or give the host more memory.',
      );
    case 'likely':
      return words(
        "it was killed (SIGKILL), most likely for using more memory than MemoryMax= allows: the kernel's log, which would tell, cannot be read",
        'Unless a person did it: raise MemoryMax= in its unit, or let it use less. On a host of its own `dmesg` says for sure.',
      );
    case 'host':
      return words(
        'the host ran out of memory, and the kernel killed it',
        'Give the host more memory or swap, or find who takes it; MemoryMax= keeps one service from taking all.',
      );
    case 'program':
      return words(
        'it could not get the memory that it asked for',
        'Raise MemoryMax= (or LimitAS=) in its unit, or what the program allows itself, such as `--max-old-space-size` of node.',
      );
    default:
      return unreachable(of);
  }
}

function peer({ place, listening }: Extract<Cause, { why: 'peer' }>): CauseWords {
  const where = place ?? 'what it connects to';
  return listening
    ? words(
        `${where} refused its connection when it started, and answers by now`,
        'It started before what it needs: order it behind that with After= and Wants=, or let it try again.',
      )
    : words(
        `nobody answers at ${where}, which it needs`,
        'Start what should listen there (a database, a cache), and see that it starts at boot and before the app (After=, Wants=).',
      );
}

function need({ role, state, part, path, mode, owner }: Need, whom: string): CauseWords {
  const what = {
    cwd: 'its folder',
    env: 'its settings file',
    program: 'its program',
    named: 'its file',
    write: 'its folder',
  }[role];
  const at = `${what} ${path}`;
  const looks = mode === '-' ? [] : [`${part} has mode ${mode} and is ${owner}'s`];
  switch (state) {
    case 'absent':
      return words(
        `${at} ${part === path ? 'is missing' : `cannot be reached, since ${part} is missing`}`,
        role === 'env'
          ? 'Declare it in the playbook (`env:` or `files:`), or put "-" before its path in the unit where it is optional.'
          : role === 'program'
            ? 'See that the path exists in the release, and that what builds or installs it has run (`run`, `packages`).'
            : 'Declare it in the playbook (`directories:` or `data:`), or see that the release has it.',
      );
    case 'closed':
      return {
        why: `permission denied: ${whom} may not ${role === 'env' ? 'read' : 'enter'} ${part === path ? at : `${part}, on the way to ${at}`}`,
        fix: [
          role === 'env'
            ? `Settings are the service account's alone (mode 0600): give ${part} to ${whom}.`
            : `Open ${part} for ${whom} (\`chmod o+x\`, or its group), or move what is needed below a folder that it may pass.`,
        ],
        shown: looks,
      };
    case 'noexec':
      return {
        why: `${at} may not be executed by ${whom}`,
        fix: [
          'Set its execute bit where it is made (`chmod +x` in the project: modes are deployed); see whether its file system is mounted noexec.',
        ],
        shown: looks,
      };
    case 'interpreter':
      return words(
        `the first line of ${path} names ${part}, which is not there`,
        'Install it by a `packages` task, or name one in that line that the host has. A line that ends in a carriage return looks like this too.',
      );
    case 'folder':
      return words(`a folder stands at ${path}, where ${what} should be`, 'Name the file itself in the unit.');
    case 'file':
      return words(`no folder stands at ${path}, but something else`, 'Look at what stands there, and move it away.');
    case 'ok':
      return words('it ended, and why is not known', READ_LOG);
    default:
      return unreachable(state);
  }
}
