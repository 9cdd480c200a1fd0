import { generationId } from '../../model/ids.ts';
import type { HostOutcome } from '../../model/outcome.ts';
import { Script, sh } from '../../shell/sh.ts';
import type { HostRun } from '../run.ts';

export type Command = {
  /** Each word as it is; with `shell` one text for `sh -c`. */
  readonly argv: readonly string[];
  readonly shell: boolean;
  /** The account that it runs as; null for whoever fleet works as there. */
  readonly as: string | null;
  readonly timeoutMs: number;
};

/** Runs a command on a host and passes on what it prints. Its exit status is a result, not a failure. */
export async function runCommandOn(command: Command, run: HostRun): Promise<HostOutcome> {
  const connected = await run.connect(run.signal);
  if (!connected.ok) return { end: 'untouched', failure: connected.failure };
  await using transport = connected.value;
  const io = {
    signal: run.signal,
    timeoutMs: command.timeoutMs,
    onLine: (stream: 'stdout' | 'stderr', line: string) => run.emit({ type: 'output', id: 'run', stream, line }),
  };
  const reply = await transport.run(scriptOf(command), io);
  const work = { kind: 'command', command: command.argv } as const;
  const generation = generationId(0);
  if (reply.ok) return { end: 'done', generation, work: { ...work, code: reply.value.code } };
  // The link broke before or while it ran, or its time was over.
  return { end: 'failed', generation, work: { ...work, code: null }, failure: reply.failure };
}

/** No word is read by a shell, unless that is asked for. */
function scriptOf({ argv, shell, as }: Command): Script {
  const words = shell ? ['sh', '-c', argv.join(' ')] : argv;
  const set = sh`set -- ${words}`;
  return Script.join([set, as === null ? sh`exec "$@"` : become(as)], '\n');
}

/** As `as_user` of the host program does it, which need not be there. */
const become = (user: string): Script => sh`as=${user}
id -u "$as" >/dev/null 2>&1 || { echo "there is no account $as on this host" >&2; exit 126; }
HOME=$(awk -F: -v u="$as" '$1 == u { print $6 }' /etc/passwd) USER=$as LOGNAME=$as
export HOME USER LOGNAME
cd "\${HOME:-/}" 2>/dev/null || cd /
[ "$(id -un)" != "$as" ] || exec "$@"
[ "$(id -u)" = 0 ] || { echo "only root can run something as $as, and this is $(id -un)" >&2; exit 126; }
if setpriv --reuid=0 --clear-groups true 2>/dev/null; then
  exec setpriv --reuid="$as" --regid="$(id -g "$as")" --init-groups -- "$@"
fi
exec su -s /bin/sh "$as" -c 'exec "$@"' -- sh "$@"`;
