import { rebindCheck } from '../../checks/rebind.ts';
import { call } from '../../host/call.ts';
import type { BoundCheck } from '../../model/check.ts';
import type { GenerationId } from '../../model/ids.ts';
import type { HostTarget } from '../../model/target.ts';
import type { OpenHost } from '../open.ts';
import { type HostRun, QUICK } from '../run.ts';

/**
 * What a generation was proved with when it was deployed. The playbook's checks of today may ask for what only a later
 * version has; they take their place where the host has kept none that this program can read.
 */
export async function ownChecks(
  host: OpenHost,
  target: HostTarget,
  generation: GenerationId,
  run: HostRun,
): Promise<readonly BoundCheck[]> {
  const script = call(host.site, 'checks', generation);
  const reply = await host.transport.run(script, { signal: run.signal, timeoutMs: QUICK });
  if (!reply.ok || reply.value.code !== 0) return target.checks;
  const lines = reply.value.stdout.split('\n').filter((line) => line !== '');
  const checks = lines.map((line) => rebindCheck(line, target.layout));
  const known = checks.filter((check) => check !== null);
  if (known.length === checks.length) return known;
  run.emit({ type: 'note', text: `generation ${generation} has checks of another fleet; today's are asked instead` });
  return target.checks;
}
