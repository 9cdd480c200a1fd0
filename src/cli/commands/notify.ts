import type { ExitCode } from '../../library/exit-code.ts';
import { fleetOf } from '../../library/fleet.ts';
import type { ChannelLine, DeliveryLine } from '../../output/json-line.ts';
import { deliveryLine } from '../../output/messages/notification.ts';
import { clean } from '../../util/sanitize.ts';
import type { CliContext, CommonFlags } from '../context.ts';
import { endLine, printJson } from '../json.ts';
import { openHere } from '../project.ts';

type NotifyFlags = CommonFlags & { readonly test?: boolean };

/** `fleet notify`: who can be told; with `--test`, a message to each, or to those named, and what each answered. @throws Refusal */
export async function notify(names: readonly string[], flags: NotifyFlags, context: CliContext): Promise<ExitCode> {
  const fleet = fleetOf(await openHere(flags, context));
  const print = (record: ChannelLine | DeliveryLine, line: string) => {
    if (flags.json) printJson(context, record);
    else context.stdout.write(`${clean(line)}\n`);
  };
  const known = await fleet.channels(names);
  if (!known.ok) throw known.failure;
  if (flags.test !== true) {
    for (const one of known.value) print({ type: 'channel', ...one, v: 1 }, `${one.channel}: ${one.kind}`);
    return end(0, flags, context);
  }
  context.begin();
  const tested = await fleet.testChannels(names, {
    signal: context.signal,
    onTested: (one) => print({ type: 'delivery', ...one, v: 1 }, deliveryLine(one.channel, one)),
    onNote: (text) => void context.stderr.write(`${clean(text)}\n`),
  });
  if (!tested.ok) throw tested.failure;
  return end(tested.value.every(({ sent }) => sent) ? 0 : 1, flags, context);
}

function end(exitCode: ExitCode, { json }: NotifyFlags, context: CliContext): ExitCode {
  if (json) printJson(context, endLine('notify', exitCode));
  return exitCode;
}
