import type { HostFacts, RuntimeName } from '../model/facts.ts';
import { type Failure, fail, ok, type Result } from '../model/outcome.ts';
import type { Runtime } from './define.ts';
import { nohup } from './nohup/nohup.ts';
import { systemd } from './systemd/systemd.ts';

const refuse = (needs: string): Result<Runtime> => fail<Failure>({ kind: 'unsupported', needs });

/** The runtime of a host: `auto` is systemd where it is PID 1 and we are root, nohup elsewhere. */
export function runtimeFor(
  asked: 'auto' | RuntimeName,
  { init, uid, user }: Pick<HostFacts, 'init' | 'uid' | 'user'>,
): Result<Runtime> {
  if (asked === 'nohup') return ok(nohup);
  if (!init.known) return refuse(`to know what PID 1 is (${init.why}); "runtime: nohup" does without`);
  if (asked === 'auto') return ok(init.value === 'systemd' && uid === 0 ? systemd : nohup);
  if (init.value !== 'systemd')
    return refuse('systemd as PID 1, which this host does not have; use "runtime: auto" or "runtime: nohup"');
  if (uid !== 0)
    return refuse(`root for systemd units, and ${user} has none here; use "runtime: nohup" (user units are not made)`);
  return ok(systemd);
}
