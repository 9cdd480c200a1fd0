import { PROGRAM } from '../../../src/host/program.ts';
import type { TestHost } from '../rig/index.ts';
import { APP, ROOT, STATE } from './app.ts';

const CRASHING = '/run/crashing.sh';

/** Commands that change something; each becomes a function that may be the last thing that the program does. */
const CHANGING = ['rm', 'mv', 'ln', 'mkdir', 'rmdir', 'cp', 'sync', 'chmod', 'chown', 'mktemp', 'kill'];

const POINTS = `
crash() {
  [ -n "\${CRASH_AT:-}" ] && [ "$VERB" != supervise ] || return 0
  echo >>/run/crash.count
  [ "$(wc -l </run/crash.count)" -ne "$CRASH_AT" ] || if [ "$CRASH_ALL" = 1 ]; then command kill -9 0; else command kill -9 $$; fi
}
${CHANGING.map((name) => `${name}() { command ${name} "$@"; set -- $?; crash; return $1; }`).join('\n')}
`;

/** Programs with a time limit, which no function stands for. */
const LIMITED = `
limit() {
  limited "$@"
  set -- $? "$2" "$3"
  case $2/$3 in systemctl/show | systemctl/is-* | systemctl/--version) ;; systemctl/* | crontab/*) crash ;; esac
  return $1
}
`;

/** The host program with a numbered crash point behind every step that lasts; nothing else of it differs. */
function crashing(program: string): string {
  const edits: readonly (readonly [RegExp, string])[] = [
    [/^G=\$S\/generations$/m, `$&\n${POINTS.replaceAll('$', '$$$$')}`],
    [/^limit\(\) \{/m, `${LIMITED.replaceAll('$', '$$$$')}limited() {`],
    [/^( *printf .* \|\| out_of_room "\$\*")$/m, '$1\n  set -- $?; crash; return $$1'],
    [/^( *)(hand_launch .* &)$/m, '$1$2\n$1sleep 0.3; crash'],
    [/^( *)history_add (committed|reverted|revert-failed)(.*)$/gm, '$1history_add $2$3\n$1crash'],
  ];
  return edits.reduce((text, [from, to]) => {
    const next = text.replace(from, to);
    if (next === text) throw new Error(`the host program has no ${from} any more`);
    return next;
  }, program);
}

export const install = (host: TestHost) => host.writeFile(CRASHING, crashing(PROGRAM));

export type Trial = {
  readonly txn: string;
  readonly from: number;
  readonly to: number;
  /** Seconds that the services have to stay up. */
  readonly settle: number;
  /** The step behind which it dies, from 1 on; 0 for never. */
  readonly at: number;
  /** Whether its children die with it. */
  readonly all: boolean;
};

const program = (crashAt: number, all: boolean) =>
  `rm -f /run/crash.count; : >/run/crash.count; export CRASH_AT=${crashAt || "''"} CRASH_ALL=${all ? 1 : 0}`;

/** Runs a transaction on the host as its runner would, and confirms it when it waits for that. @returns steps taken */
export async function transact(
  host: TestHost,
  { txn, from, to, settle, at, all }: Trial,
): Promise<{ died: boolean; steps: number }> {
  const said = await host.out(
    `${program(at || 100_000, all)}
    : >${STATE}/out.${txn}
    rm -f /run/code; ( setsid -w sh ${CRASHING} ${ROOT} ${APP} runner ${txn} ${from} ${to} ${settle} 12 5 tester@test deploy </dev/null >/run/runner.log 2>&1; echo $? >/run/code ) &
    c=
    until [ -s /run/code ]; do
      if [ -z "$c" ] && grep -q '^await' ${STATE}/out.${txn}; then
        CRASH_AT= sh ${STATE}/host.sh ${ROOT} ${APP} confirm ${txn} 0 >/run/confirm.log 2>&1 & c=$!
      fi
      sleep 0.05
    done
    [ -z "$c" ] || kill $c 2>/dev/null
    code=$(cat /run/code)
    printf '%s %s\\n' $code "$(wc -l </run/crash.count)"`,
  );
  const [code = '', steps = ''] = said.split(' ');
  return { died: code === '137', steps: Number(steps) };
}

/** Runs recovery as the next command would; dies behind step `at` when that is not 0. */
export async function recover(host: TestHost, at = 0, all = true): Promise<{ code: number; said: string }> {
  const file = at === 0 ? `${STATE}/host.sh` : CRASHING;
  const { code, stdout, stderr } = await host.sh(`${program(at, all)}; setsid -w sh ${file} ${ROOT} ${APP} recover`);
  return { code, said: `${stdout}${stderr}` };
}

/** Takes back what was made ready for a switch that never began, as the controller does. */
export const undo = (host: TestHost) => host.out(`sh ${STATE}/host.sh ${ROOT} ${APP} undo`);

/** What the journal and the decision say should become of an open transaction; null when none is open. */
export async function verdict(host: TestHost, txn: string): Promise<'commit' | 'revert' | null> {
  const said = await host.out(
    `sed -n 's/^phase //p' ${STATE}/state; sed -n 's/^txn //p' ${STATE}/state; cat ${STATE}/decision.${txn} 2>/dev/null || echo none`,
  );
  const [phase, open, decision] = said.split('\n');
  if (open !== txn || phase === 'IDLE') return null;
  return decision === 'commit' ? 'commit' : 'revert';
}

/** Whether the history, or else the decision, says that a transaction has been committed. */
export const committed = async (host: TestHost, txn: string): Promise<boolean> =>
  (await host.sh(`grep -q ' ${txn} .* committed ' ${STATE}/log || grep -qx commit ${STATE}/decision.${txn}`)).code ===
  0;
