import type { Finding, Fix, Fixed, Looks, Machine, Matter, Symptom } from '../../../model/finding.ts';
import { unreachable } from '../../../model/outcome.ts';
import { count, list } from '../../../util/count.ts';
import { bystanders } from '../beside.ts';
import { drifted } from '../drift.ts';
import { command, type Explanation, type Place, wayOut } from '../explanation.ts';
import { keeper, unfinished } from '../holder.ts';
import { duration } from '../time.ts';
import { causeWords } from './cause.ts';

type Of<K extends Matter['kind']> = Extract<Matter, { kind: K }>;

const LEVEL = { critical: 'BAD', warn: 'warning', note: 'note' } as const;

export const levelWord = ({ level }: Finding): string => LEVEL[level];

/** A finding in words: what is wrong and why, what shows it, what to do. */
export function explainFinding(finding: Finding, place: Place): Explanation {
  const { what, fix, shown = [] } = wordsOf(finding, place);
  const mends =
    finding.fix === null ? [] : [`\`${command('doctor --fix', place)}\` does this: ${fixWords(finding.fix)}.`];
  return { what, evidence: [...shown, ...finding.evidence], fix: [...mends, ...fix] };
}

/** One line, without what to do. */
export const findingLine = (finding: Finding): string =>
  `${levelWord(finding)}: ${explainFinding(finding, { hosts: [], app: '' }).what}`;

/** What would be, or was, put right. */
export function fixWords(fix: Fix): string {
  switch (fix.do) {
    case 'folder':
      return `make the folder ${fix.path} be there, with mode ${modeWords(fix.mode)}${fix.owner === '-' ? '' : `, of ${fix.owner}`}`;
    case 'file':
      return `give ${fix.path} the mode and owner that it was deployed with; a missing one is put back`;
    case 'reset-failed':
      return `have systemd forget that ${fix.unit} failed (reset-failed), so that it may be started again`;
    default:
      return unreachable(fix);
  }
}

export const fixedLine = ({ fix, why }: Fixed): string =>
  why === null ? `done: ${fixWords(fix)}` : `NOT done: ${fixWords(fix)}: ${why}`;

const modeWords = (mode: string) => mode.replace(/^0*/, '').padStart(4, '0');
const looks = ({ mode, owner }: Looks) =>
  mode === '-' ? 'not there' : `mode ${modeWords(mode)}${owner === '-' ? '' : `, of ${owner}`}`;

type Words = { readonly what: string; readonly fix: readonly string[]; readonly shown?: readonly string[] };

function wordsOf(finding: Finding, place: Place): Words {
  switch (finding.kind) {
    case 'service':
      return service(finding, place);
    case 'file':
      return file(finding, place);
    case 'folder':
      return folder(finding, place);
    case 'transaction':
      return transaction(finding, place);
    case 'held':
      return {
        what: `no deploy will begin here: ${keeper(finding.held)}`,
        fix: finding.held.kind === 'hold' ? [`When the reason is over: \`${command('lock --release', place)}\`.`] : [],
      };
    case 'not-deployed':
      return {
        what: 'nothing is deployed here',
        fix: [`\`${command('plan', place)}\` shows what a first deploy would do.`],
      };
    case 'unsafe-root':
      return {
        what: `what stands at the app's root is not root's alone: ${finding.why}`,
        fix: [
          "What the app's account could change there must not be trusted: look at it, give the folder back to root " +
            `(\`chown root:root\`, \`chmod go-w\`), and compare the release (\`${command('status --verify', place)}\`).`,
        ],
      };
    case 'no-record':
      return {
        what: `fleet's record of what is live is gone: ${drifted(finding.drift)}`,
        fix: [
          `Restore ${finding.drift.folder} from a backup. Where there is none, \`${command('rollback --full --keep-data', place)}\` ` +
            `stops what runs (data, .env and account stay), and \`${command('deploy', place)}\` begins anew.`,
        ],
      };
    case 'altered':
      return {
        what: `the release is not as it was deployed: ${list(finding.files, 3)}`,
        fix: [
          'Find out who has changed it: nobody but root can.',
          `\`${command('deploy', place)}\` puts a whole release there again.`,
        ],
      };
    case 'drift':
      return {
        what: `the host differs from what was deployed: ${drifted(finding.drift)}`,
        fix: [`\`${command('plan', place)}\` shows what a deploy would put right.`],
      };
    case 'machine':
      return { what: `${MACHINE[finding.of].what}: ${finding.detail}`, fix: MACHINE[finding.of].fix(place) };
    case 'check':
      return {
        what: `a check of the playbook does not pass: ${finding.check}: ${finding.detail}`,
        fix: ['What stands above it explains it, or the service itself: see what it has said last.'],
      };
    case 'login-shell':
      return loginShell(finding);
    case 'slow-commands':
      return {
        what: `a command that does nothing takes ${duration(finding.tripMs)} there and back, and the login's shell is not why`,
        fix: [
          'Look for what each session waits for: name resolution on the host (`UseDNS no` in sshd_config), PAM (a directory ' +
            'service that does not answer), sudo that looks its own host name up, or the network itself.',
        ],
      };
    case 'sshd':
      return sshd(finding);
    case 'sshd-limit':
      return {
        what: `sshd allows few ${finding.key === 'MaxSessions' ? 'commands over one connection' : 'logins at a time'}: ${finding.key} ${finding.value}`,
        fix: [
          finding.key === 'MaxSessions'
            ? 'Set `MaxSessions 10` (the default) in sshd_config and reload sshd: with one or two no file can be sent beside a command.'
            : 'Set `MaxStartups 10:30:100` (the default) in sshd_config and reload sshd, so that a run on many hosts behind it is let in.',
        ],
      };
    case 'no-rsync':
      return {
        what: 'rsync is not installed: code is sent as a whole by tar each time',
        fix: ['Install rsync on the host (`packages: [rsync]` in the playbook): then only what has changed is sent.'],
      };
    case 'drop-in':
      return {
        what: `${finding.path} changes ${finding.unit}, and is not from fleet`,
        fix: [
          `See what it sets (\`systemctl cat ${finding.unit}\`); what is meant belongs into the playbook's units. Without it: ` +
            `\`rm ${finding.path}\`, \`systemctl daemon-reload\`.`,
        ],
      };
    case 'left-unit':
      return {
        what: `the host has a unit ${finding.unit} for the app's folder, which this deploy does not know`,
        fix: [
          `Where something older has left it: \`systemctl disable --now ${finding.unit}\`, and remove ` +
            `/etc/systemd/system/${finding.unit}. A proxy or a job that is meant may stay.`,
        ],
      };
    case 'beside':
      return { what: bystanders({ beside: [finding.beside] }).join(''), fix: [] };
    default:
      return unreachable(finding);
  }
}

const SYMPTOM: Readonly<Record<Symptom, (restarts: number) => string>> = {
  restarting: (restarts) => `starts again and again${restarts > 0 ? ` (${count(restarts, 'restart')})` : ''}`,
  restarted: (restarts) => `runs, after ${count(restarts, 'restart')}`,
  'gave-up': () => 'was started so often that it is not started any more',
  failed: () => 'does not start, or did not stay up',
  down: () => 'does not run',
  starting: () => 'is still starting',
  taken: () => 'is not the one of this app',
};

function service({ unit, symptom, restarts, account, cause }: Of<'service'>, place: Place): Words {
  const { why, fix, shown } = causeWords(cause, unit, account);
  const deploys = symptom === 'down' || symptom === 'gave-up' || symptom === 'failed';
  return {
    what: `${unit} ${SYMPTOM[symptom](restarts)}: ${why}`,
    shown,
    fix: [
      ...fix,
      ...(deploys && cause.why !== 'neighbour'
        ? [`Then \`${command('deploy', place)}\` starts it again, and proves it.`]
        : []),
    ],
  };
}

function file({ path, settings, wrong, is, want }: Of<'file'>, place: Place): Words {
  const name = settings ? `the settings ${path}` : path;
  const what = {
    absent: `${name} ${settings ? 'are' : 'is'} missing`,
    content: `${name} ${settings ? 'are' : 'is'} not as deployed, since somebody has changed ${settings ? 'them' : 'it'} by hand`,
    rights: `${name} ${settings ? 'have' : 'has'} another mode or owner than deployed`,
    other: `something else stands at ${path}`,
  }[wrong];
  const shown = wrong === 'absent' || wrong === 'other' ? [] : [`it is ${looks(is)}; deployed was ${looks(want)}`];
  return {
    what,
    shown,
    fix: [`\`${command('deploy', place)}\` puts the whole of it back as it is in the project.`],
  };
}

function folder({ path, wrong, is, want, account }: Of<'folder'>, place: Place): Words {
  const shown = wrong === 'absent' ? [] : [`it is ${looks(is)}; it is to be ${looks(want)}`];
  const what = {
    absent: `the folder ${path} is missing`,
    closed: `${account ?? 'the app'} cannot write in its folder ${path}`,
    rights: `the folder ${path} has another mode or owner than the playbook says`,
    other: `no folder stands at ${path}, but something else`,
  }[wrong];
  const fix =
    wrong === 'other'
      ? [`Look at what stands there, and move it away; then \`${command('deploy', place)}\` makes the folder.`]
      : wrong === 'closed' && is.owner === want.owner
        ? [
            `See what is in the way: a parent folder that ${account ?? 'the account'} may not pass, a read-only file system, an access list.`,
          ]
        : [];
  return { what, shown, fix };
}

function transaction({ state, phase, open, leftMs }: Of<'transaction'>, place: Place): Words {
  const what = `a change by ${unfinished(open)}`;
  if (state === 'at work')
    return {
      what: `${what} (${phase})`,
      fix: [
        leftMs !== null && leftMs < 0
          ? `It is past its deadline: the host is on its way back, and ends what does not stop. \`${command('status', place)}\` follows it.`
          : `Its services come and go until it has ended: ask again then. \`${command('status', place)}\` follows it.`,
      ],
    };
  if (state === 'left')
    return {
      what: `${what}, in ${phase}: whoever was at work on it is gone`,
      fix: [`\`${command('deploy', place)}\` finishes or takes back what was left first, and so does a rollback.`],
    };
  return { what: `STUCK: the last change failed, and the way back from it failed too (${what})`, fix: wayOut(place) };
}

const MACHINE: Readonly<Record<Machine, { readonly what: string; readonly fix: (place: Place) => readonly string[] }>> =
  {
    disk: {
      what: 'a file system is full, or nearly',
      fix: () => [
        'See what takes the room (`du -xhd1 / | sort -h`, `journalctl --disk-usage`) and remove what is not needed; ' +
          '`keep:` in the playbook says how many releases stay, and a `logrotate` task keeps logs short.',
      ],
    },
    inodes: {
      what: 'a file system can take no more files, or few',
      fix: () => [
        'Look for a folder with very many small files (`du --inodes -xd1 / | sort -n`): caches, sessions, mail of cron.',
      ],
    },
    memory: {
      what: "the host's memory is nearly used up",
      fix: () => [
        'See who uses it (`ps -eo rss,unit,args --sort=-rss | head`); MemoryMax= keeps one service from taking all.',
      ],
    },
    clock: {
      what: "the host's clock is off",
      fix: () => [
        'Certificates, tokens and signatures fail with a wrong clock: have the host keep time (`timedatectl set-ntp true`, or ' +
          'install chrony), and look at `date -u` there.',
      ],
    },
    temperature: {
      what: 'the processor is hot',
      fix: () => [
        'Look at fan and air; on a Jetson `nvpmodel` chooses a mode with less power. CPUQuota= keeps a service from heating it.',
      ],
    },
    limits: {
      what: 'a service is near a limit of its own',
      fix: (place) => [
        `At MemoryMax= it is killed, at TasksMax= it can begin nothing more, at WatchdogSec= it is taken for hung: raise the limit ` +
          `in its unit, or find what grows (\`${command('health', place)}\` shows the numbers).`,
      ],
    },
  };

function loginShell({ shell, account, ms, plainMs, tripMs }: Of<'login-shell'>): Words {
  return {
    what: `${account}'s login shell ${shell} takes ${ms} ms before each command, and sshd starts it for every one`,
    shown: [`/bin/sh takes ${plainMs} ms; a command that does nothing takes ${tripMs} ms there and back`],
    fix: [
      `In the start-up files of that shell (~/.bashrc, ~/.zshenv, ~/.config/fish) let only interactive shells reach what takes ` +
        'its time: `case $- in *i*) ;; *) return ;; esac` at the top. Or give the account another shell for deploys.',
    ],
  };
}

function sshd({ wrong, from, set }: Of<'sshd'>): Words {
  const whom = from ?? 'ADDRESS';
  const fix = [
    `In sshd_config on the host: \`PersourcePenaltyExemptList ${whom}\` (or the network that you deploy from), then reload sshd.`,
    'Until then wait a minute after a refused login: three of them, or some fifteen connections that never log in (a monitor ' +
      'that knocks on the port), lock an address out for up to ten minutes.',
  ];
  return wrong === 'turned'
    ? { what: `sshd has turned away connections from ${whom} in the last hour`, shown: [set], fix }
    : { what: `sshd will turn this machine (${whom}) away for a while after a few refused logins`, shown: [set], fix };
}
