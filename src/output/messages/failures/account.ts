import type { AccountMove, Failure } from '../../../model/outcome.ts';
import { list } from '../../../util/count.ts';
import type { Explanation } from '../explanation.ts';

type Account = AccountMove['from'];
type Moves = Extract<Failure, { kind: 'account-changed' }>;

/** `jarvis`, with its groups where they are not its own. */
function named({ user, group, supplementary }: Account): string {
  if (user === null) return 'an account that systemd makes up for each start (DynamicUser=)';
  const groups = [...(group === null ? [] : [group]), ...supplementary];
  return groups.length === 0 ? user : `${user} (${list(groups)})`;
}

/** For chown: without a group the account's own. */
const owner = ({ user, group }: Account): string => `${user ?? ''}:${group ?? ''}`;

const paths = ({ folders }: AccountMove): readonly string[] => folders.map(({ path }) => path);

/** A word for people to type; paths with blanks stand in quotes. */
const typed = (path: string): string => (/^[\w./@+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`);

const chown = (account: Account, move: AccountMove) =>
  `\`chown -R ${owner(account)} ${paths(move).map(typed).join(' ')}\``;

function making({ to, madeBy }: AccountMove): string {
  switch (madeBy) {
    case null:
      return '';
    case 'useradd':
      return `make the account (\`useradd --system --user-group ${to.user}\`), then `;
    case 'adduser':
      return `make the account (\`addgroup -S ${to.user}; adduser -S -D -H -G ${to.user} ${to.user}\`), then `;
  }
}

const give = (move: AccountMove) =>
  `on the host, as root, ${making(move)}give the data to it with ${chown(move.to, move)}, and run the same command again ` +
  `at once: what runs as ${named(move.from)} until then loses them.`;

function fixes(move: AccountMove): string[] {
  const { from, to, units } = move;
  const back = `If it is not meant: set the account of ${list(units)} back to ${named(from)} (User= and Group=).`;
  if (to.user === null)
    return [
      'If it is meant: let the service keep its data in StateDirectory=, which systemd gives to whatever account it ' +
        'runs as, and move them there; or name an account in User=.',
      back,
    ];
  return [
    `If it is meant: ${give(move)}`,
    ...(from.user === null
      ? []
      : [`Should that deploy go back, or on a rollback to a generation before it: ${chown(from, move)}.`]),
    back,
  ];
}

/** The same where it is a generation of the host that wants the other account. */
function waysBack(move: AccountMove): string[] {
  const { from, to, units } = move;
  if (to.user === null)
    return [`No account stands for ${list(units)} before it starts there: name another generation with \`--to N\`.`];
  return [
    `If it is meant: ${give(move)}`,
    ...(from.user === null ? [] : [`Should that rollback fail, and before the next deploy: ${chown(from, move)}.`]),
  ];
}

/** Services that would be shut out from their data. */
export const explainMoves = ({ moves, back }: Moves): Explanation => ({
  what: moves
    .map(
      (move) =>
        `${list(move.units)} ran as ${named(move.from)} and would run as ${named(move.to)}${back === null ? '' : ` in generation ${back}`}, which cannot open the data in ${list(paths(move))}`,
    )
    .join('; '),
  evidence: moves.flatMap(({ folders, from }) =>
    folders.map(({ path, entry }) => `${entry === '' ? path : `${path}/${entry}`} is open to ${named(from)} only`),
  ),
  fix: [...new Set(moves.flatMap(back === null ? fixes : waysBack))],
});
