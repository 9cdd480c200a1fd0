import { look } from '../../host/call.ts';
import { textOf, textsOf } from '../../host/reply.ts';
import type { GenerationId } from '../../model/ids.ts';
import type { AccountMove, Failure } from '../../model/outcome.ts';
import { EMPTY_TASK_PLAN, type TaskPlan } from '../../model/plan.ts';
import { accountLine, type DataFolder, parseAccount } from '../../model/service-account.ts';
import type { HostTarget } from '../../model/target.ts';
import type { BoundTask, PlanContext } from '../../model/task.ts';
import { accountsOf, lastingFolders } from '../../runtime/accounts.ts';
import { sh } from '../../shell/sh.ts';
import type { OpenHost } from '../open.ts';
import { QUICK } from '../run.ts';

/** Where the app keeps what outlives a generation, as far as the playbook says. */
export function dataFolders({ layout, tasks }: HostTarget): readonly DataFolder[] {
  const units = tasks.flatMap(({ declares }) => declares?.units ?? []);
  const enable = tasks.flatMap(({ declares }) => declares?.enable ?? []);
  const declared = tasks.flatMap(({ declares }) => declares?.folders ?? []);
  const all: readonly DataFolder[] = [
    ...layout.data.map((path) => ({ path: `${layout.root}/${path}`, look: 'whole' }) as const),
    ...lastingFolders(units, enable).map((path) => ({ path, look: 'given' }) as const),
    ...declared.map(({ path }) => ({ path, look: 'inside' }) as const),
  ];
  return all.filter(({ path }, i) => path !== layout.root && all.findIndex((other) => other.path === path) === i);
}

/** A move, and whether other services go on as the account before. */
type Move = AccountMove & { readonly shared: boolean };

function parse(
  stdout: string,
  folders: readonly DataFolder[],
  { host, runtime }: Pick<PlanContext, 'host' | 'runtime'>,
): readonly Move[] {
  const lines = stdout.split('\n').map((line) => line.split(' '));
  return lines.flatMap(([word, number, units = '', from = '', to = '', there, stays]): Move[] => {
    if (word !== 'moved') return [];
    const closed = lines.flatMap(([what, of, index, ...entry]) => {
      const folder = what === 'closed' && of === number ? folders[Number(index)] : undefined;
      if (folder === undefined || (folder.look === 'given' && runtime === 'systemd')) return [];
      return [{ path: folder.path, entry: entry.join(' ') }];
    });
    if (closed.length === 0) return [];
    const maker = host.tools.has('useradd') ? 'useradd' : 'adduser';
    return [
      {
        ...{ units: units.split(','), from: parseAccount(from), to: parseAccount(to) },
        ...{ madeBy: there === 'yes' ? null : maker, folders: closed, shared: stays === 'yes' },
      },
    ];
  });
}

const refusedOf = (moves: readonly Move[]): readonly AccountMove[] =>
  moves.filter(({ shared }) => !shared).map(({ shared: _, ...move }) => move);

function planOf(moves: readonly Move[]): TaskPlan {
  const refused = refusedOf(moves);
  return {
    ...EMPTY_TASK_PLAN,
    refused: refused.length === 0 ? [] : [{ kind: 'account-changed', moves: refused, back: null }],
    // Which of several services needs which data is not known here.
    warnings: moves
      .filter(({ shared }) => shared)
      .map(
        ({ units, from, to, folders }) =>
          `${units.join(', ')} ran as ${from.user} and would run as ${to.user ?? 'an account of the moment'}, which cannot ` +
          `open all of ${folders.map(({ path }) => path).join(', ')}; other services go on as ${from.user}`,
      ),
  };
}

/** A look whether the services could still open their data where their account is another one; it changes nothing. */
export function ownership(target: HostTarget): BoundTask {
  const units = target.tasks.flatMap(({ declares }) => declares?.units ?? []);
  const enable = target.tasks.flatMap(({ declares }) => declares?.enable ?? []);
  const folders = dataFolders(target);
  const wanted = accountsOf(units, enable).map(accountLine);
  const places = folders.map(({ path, look }, i) => `${i} ${look} ${path}`);
  return {
    name: 'ownership',
    secrets: [],
    probe:
      wanted.length === 0 || folders.length === 0 ? null : sh`tell_ownership ${wanted.join('\n')} ${places.join('\n')}`,
    plan: (stdout, context) => planOf(parse(stdout, folders, context)),
  };
}

/** The same for a generation that is gone back to: why that must not be, or null. */
export async function shutOut(
  { transport, site, probe }: OpenHost,
  to: GenerationId,
  signal: AbortSignal,
): Promise<Failure | null> {
  const reply = await transport.run(look(site, 'ownership', String(to)), { signal, timeoutMs: QUICK });
  if (!reply.ok) return reply.failure;
  const { stdout } = reply.value;
  const folders = textsOf(stdout, 'folder').flatMap((line): DataFolder[] => {
    const [look, ...path] = line.split(' ');
    return look === 'whole' || look === 'inside' || look === 'given' ? [{ look, path: path.join(' ') }] : [];
  });
  const runtime = textOf(stdout, 'runtime') === 'systemd' ? 'systemd' : 'nohup';
  const moves = refusedOf(parse(stdout, folders, { host: probe.facts, runtime }));
  return moves.length === 0 ? null : { kind: 'account-changed', moves, back: to };
}
