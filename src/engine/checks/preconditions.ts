import type { CheckResult } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import type { OpenHost } from '../open.ts';
import type { RunContext } from '../run.ts';
import { scrubbed } from './scrub.ts';
import { checkIo, checkOnce } from './verify.ts';

/** What the playbook wants to hold before a host is touched, asked once: nothing waits for it. Read-only. */
export async function askPreconditions(
  host: OpenHost,
  { preconditions }: HostTarget,
  { signal, now }: Pick<RunContext, 'signal' | 'now'>,
): Promise<readonly CheckResult[]> {
  const io = checkIo(host, signal);
  const found = await Promise.all(preconditions.map((check) => checkOnce(check, io, now)));
  return scrubbed(found, host.probe.facts.generations.length === 0 ? null : host, signal);
}
