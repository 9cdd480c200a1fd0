import type { Beside } from '../../model/beside.ts';
import type { Failure } from '../../model/outcome.ts';
import type { PlanView } from '../../model/plan.ts';
import { list } from '../../util/count.ts';
import type { Explanation } from './explanation.ts';

const MOST = 10;

/** What is at work beside the app, or will be, a line each. */
export function bystanders({ beside }: Pick<PlanView, 'beside'>): readonly string[] {
  const lines = beside.slice(0, MOST).map((one) => `${whose(one)} ${doing(one)} (${short(one.command)}): ${fix(one)}`);
  return beside.length <= MOST
    ? lines
    : [...lines, `and ${beside.length - MOST} more have to do with the app's folder`];
}

const short = (command: string): string => (command.length <= 160 ? command : `${command.slice(0, 160)}…`);

function whose(one: Beside): string {
  if (one.by === 'process') {
    const unit = one.unit === null ? '' : ` (${one.unit.replace('user:', "the account's own ")})`;
    return `process ${one.pid} of ${one.account}${unit}`;
  }
  return `a line of ${one.file.startsWith('/etc/') ? one.file : `${one.account}'s crontab`}`;
}

function doing({ by, copyOf }: Beside): string {
  if (copyOf.length > 0) return `${by === 'process' ? 'runs' : 'starts'} a second copy of ${list(copyOf)}`;
  return `${by === 'process' ? 'is at work in' : 'has to do with'} the app's folder and not fleet's`;
}

function fix(one: Beside): string {
  const end = ending(one).replace(/^./, (letter) => letter.toLowerCase());
  return one.copyOf.length > 0 ? end : `where it is not meant, ${end}`;
}

/** What a person does on the host, so that it is at work no more. */
function ending(one: Beside): string {
  if (one.by === 'line') {
    if (one.file.startsWith('/etc/')) return `Take the line out of ${one.file}`;
    return `Take the line out (\`crontab -e${one.file === '-' ? '' : ` -u ${one.account}`}\`)`;
  }
  if (one.unit === null) return `End it (\`kill ${one.pid}\`), and what would start it again`;
  const [unit, own] = [one.unit.replace('user:', ''), one.unit.startsWith('user:')];
  return `Stop ${unit}${own ? `, as ${one.account}` : ''} (\`systemctl ${own ? '--user ' : ''}disable --now ${unit}\`)`;
}

const isKept = (one: Beside): boolean => one.by === 'line' || one.unit !== null;

/** A first deploy would start the app beside itself. */
export function explainCopies({ copies, pidFile }: Extract<Failure, { kind: 'second-copy' }>): Explanation {
  const services = list([...new Set(copies.flatMap(({ copyOf }) => copyOf))]);
  const pids = copies.flatMap((one) => (isKept(one) || one.by === 'line' ? [] : [one.pid]));
  return {
    what: `${services} would run twice on this host: ${list(copies.map(whose), 3)} would go on beside the app`,
    evidence: copies.map(
      (one) => `${whose(one)}${one.by === 'process' ? `, in ${one.cwd}` : ''}: ${short(one.command)}`,
    ),
    fix: [
      ...(pids.length === 0 ? [] : [`End it on the host (\`kill ${pids.join(' ')}\`), and what would start it again.`]),
      ...[...new Set(copies.filter(isKept).map(ending))].map((text) => `${text}.`),
      ...(pidFile === null
        ? []
        : [
            `Or hand it over: with its number in a file there (\`echo ${pidFile.pid} >${pidFile.path}\`) the deploy stops the ` +
              'process, and a full rollback starts it again.',
          ]),
      'Then run the same command again.',
    ],
  };
}
