import type { TestHost } from '../rig/index.ts';
import { APP, ROOT, SIDE, STATE, UNIT } from './app.ts';

const PATHS = ['/etc/systemd/system', '/etc/logrotate.d', `/etc/${APP}.conf`, '/etc/passwd', '/etc/group'];

/** What may differ without a difference: data, the journal and the history, old notes, which release each service was started from, the program itself. */
const IGNORED = [
  new RegExp(`^${ROOT}/data/`),
  new RegExp(
    `^${STATE}/(state|log|lock|out\\.[^/]*|decision\\.[^/]*|host[^/]*\\.sh|run(/.*)?|\\.before|was-up|runs|\\.cursor|undo(/.*)?)$`,
  ),
  /\/verdict$/,
  // Its number is another one after each start.
  new RegExp(`^${ROOT}/app.pid$`),
  // What stood there before; a removal shows whether it is right.
  new RegExp(`^${STATE}/generations/0(/|$)`),
];

const LOOK = `
say() { printf '%s\\n' "$*"; }
# Without ptrace root may not look into another account's processes, and that account may.
as() {
  setpriv --reuid="$1" --regid="$(id -g "$1")" --clear-groups sh -c '
    printf "in %s with " "$(readlink $1/cwd)"; tr "\\0" "\\n" <$1/environ | grep -E "^(MARK|UNIT_OF)=" | sort | tr "\\n" " "' sh "$2"
}
say "current $(readlink ${ROOT}/current || echo none)"
say "phase $(sed -n 's/^phase //p' ${STATE}/state 2>/dev/null || echo none)"
g=$(readlink ${ROOT}/current) && say "verdict $(cat ${STATE}/generations/\${g#releases/}/verdict)"
[ ! -e ${STATE}/lock ] || flock -n ${STATE}/lock true && say "lock free" || say "lock taken"
for p in /proc/[0-9]*; do
  [ "$p" != "/proc/$$" ] || continue
  case $(tr '\\0' ' ' <$p/cmdline 2>/dev/null) in
    "/bin/sh serve.sh "*|"/bin/sh side.sh "*|"/bin/sh hand.sh "*)
      say "process $(tr '\\0' ' ' <$p/cmdline)as $(stat -c %U $p) $(as "$(stat -c %U $p)" "$p")" ;;
    "sh "*" ${ROOT} ${APP} supervise "*|*"/sh "*" ${ROOT} ${APP} supervise "*) say "supervisor $(tr '\\0' ' ' <$p/cmdline | sed 's/.* supervise //')" ;;
    "sh "*" ${ROOT} ${APP} "*|*"/sh "*" ${ROOT} ${APP} "*) say "leftover process $(tr '\\0' ' ' <$p/cmdline)" ;;
  esac
done
find ${ROOT} ${STATE} /etc -xdev \\( -name '.fleet.*' -o -name '.current.*' -o -name '.decision.*' -o -name '.staging-*' -o -name .boot -o -name .files \\) | sed 's/^/leftover file /'
if [ -d /run/systemd/system ]; then
  for u in ${UNIT} ${SIDE}; do
    say "unit $u $(systemctl show -p LoadState,ActiveState,SubState,NeedDaemonReload,UnitFileState $u | sort | tr '\\n' ' ')"
  done
  systemctl list-units --state=active,activating,failed --plain --no-legend 'fleet-*' | sed 's/^/leftover unit /'
fi
crontab -l 2>/dev/null | sed 's/^/cron /'
sort ${STATE}/log 2>/dev/null | cut -d' ' -f2,6 | uniq -d | sed 's/^/twice in the history: /'
true`;

/** One host as a list of lines: files with owner, mode and content, what runs and with which settings, what is open. */
export async function look(host: TestHost): Promise<string[]> {
  const [files, state] = await Promise.all([host.manifest([...PATHS, ROOT, STATE], IGNORED), host.out(LOOK)]);
  const live = state
    .split('\n')
    .map((line) => line.trimEnd())
    .sort();
  const active = /^current releases\/(\d+)$/m.exec(state)?.[1] ?? '0';
  return [...generationsIn(files, active), ...live].map((line) =>
    active === '0'
      ? line
      : line
          .replaceAll(`releases/${active}`, 'releases/ACTIVE')
          .replace(
            `${STATE}/env link 0777 0 0 -> generations/${active}/`,
            `${STATE}/env link 0777 0 0 -> generations/ACTIVE/`,
          )
          .replace(`supervisor ${UNIT} ${active}`, `supervisor ${UNIT} ACTIVE`)
          .replace(`supervisor ${SIDE} ${active}`, `supervisor ${SIDE} ACTIVE`),
  );
}

/** The active generation's number replaced by a word; another one's files dropped when both its halves are there. */
function generationsIn(files: readonly string[], active: string): string[] {
  const halves = new Map<string, Set<string>>();
  const rest = files.flatMap((line) => {
    const [, half, number = ''] = /^\S*\/(releases|generations)\/(\d+)(?=[/ ])/.exec(line) ?? [];
    if (half === undefined || number === '0') return [line];
    halves.set(number, (halves.get(number) ?? new Set()).add(half));
    if (number !== active) return [];
    const named = line.replace(`/${half}/${number}`, `/${half}/ACTIVE`);
    // It names its number, its base and its time; and the seal the inodes and times of files.
    return [/\/generations\/ACTIVE\/(manifest|seal) /.test(named) ? named.replace(/ [0-9a-f]{64}$/, '') : named];
  });
  return [
    ...rest,
    ...[...halves].filter(([, has]) => has.size === 1).map(([number]) => `half of generation ${number}`),
  ];
}

/** The lines that only one of them has, for a message that can be read. */
export const differences = (is: readonly string[], should: readonly string[]): string[] => [
  ...should.filter((line) => !is.includes(line)).map((line) => `- ${line}`),
  ...is.filter((line) => !should.includes(line)).map((line) => `+ ${line}`),
];

/** Without what a run has staged and nobody uses: nothing of it is live, and the next deploy removes it. */
export const withoutStaged = (lines: readonly string[]): string[] =>
  lines.filter((line) => !STAGED.some((pattern) => pattern.test(line)));

const STAGED: readonly RegExp[] = [
  /\.staging-/,
  /^half of generation /,
  // Accounts and folders are made before the switch; the ledger beside the state says how they go.
  new RegExp(`^${ROOT}(/data|/releases)? `),
  new RegExp(`^${STATE}(/|$| )`),
  /^\/var\/lib\/fleet /,
  /^\/etc\/(passwd|group) /,
  /^phase (none|IDLE)$/,
];

/** Waits until no run of the host program is at work there; a transaction ends by itself at its deadline. */
export async function quiet(host: TestHost): Promise<void> {
  for (const end = Date.now() + 40_000; ; ) {
    const busy = (await look(host)).filter((line) => line.startsWith('leftover process '));
    if (busy.length === 0) return;
    if (Date.now() > end) throw new Error(`still at work:\n${busy.join('\n')}`);
    await new Promise((done) => setTimeout(done, 300));
  }
}
