import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { suggestion } from '../../config/diagnostics/nearest.ts';
import type { ExitCode } from '../../library/exit-code.ts';
import { openNotifiers } from '../../library/notifiers.ts';
import type { Delivery, Ping } from '../../model/notice.ts';
import type { ChannelLine, DeliveryLine } from '../../output/json-line.ts';
import { testNotice } from '../../output/messages/news.ts';
import { deliveryLine } from '../../output/messages/notification.ts';
import { clean } from '../../util/sanitize.ts';
import type { CliContext, CommonFlags } from '../context.ts';
import { endLine, printJson } from '../json.ts';
import { openProject } from '../project.ts';
import { UsageError } from '../refusal.ts';

type NotifyFlags = CommonFlags & { readonly test?: boolean };

/** `fleet notify`: who can be told; with `--test`, a message to each, or to those named, and what each answered. */
export async function notify(names: readonly string[], flags: NotifyFlags, context: CliContext): Promise<ExitCode> {
  const project = await openProject(flags, context);
  const { notifiers } = project.inventory;
  const known = [...notifiers.keys()];
  for (const name of names) {
    if (notifiers.has(name)) continue;
    throw new UsageError(lines(`there is no channel "${name}" in the inventory`, suggestion(name, known, 'channels')));
  }
  if (known.length === 0) throw new UsageError('the inventory has no channels; define some under "notify:"');
  const chosen = names.length === 0 ? known : names;
  const print = (record: ChannelLine | DeliveryLine, line: string) => {
    if (flags.json) printJson(context, record);
    else context.stdout.write(`${clean(line)}\n`);
  };
  if (flags.test !== true) {
    for (const name of chosen) {
      const kind = notifiers.get(name)?.kind ?? '';
      print({ type: 'channel', channel: name, kind, v: 1 }, `${name}: ${kind}`);
    }
    return end(0, flags, context);
  }
  context.begin();
  const { channels, pings } = openNotifiers(project, (text) => context.stderr.write(`warning: ${clean(text)}\n`));
  const notice = testNotice(basename(project.dir), randomUUID(), Date.now());
  const sent = chosen.map(async (name): Promise<Delivery> => {
    const channel = channels.find((one) => one.name === name);
    if (channel !== undefined) return channel.deliver(notice, context.signal);
    const ping = pings.find((one) => one.name === name);
    if (ping === undefined) throw new Error(`the schema let the channel ${name} through`);
    return tried(ping, notice.headline, context.signal);
  });
  let code: ExitCode = 0;
  for (const [i, name] of chosen.entries()) {
    const delivery = await (sent[i] as Promise<Delivery>);
    if (!delivery.sent) code = 1;
    const kind = notifiers.get(name)?.kind ?? '';
    print({ type: 'delivery', channel: name, kind, ...delivery, v: 1 }, deliveryLine(name, delivery));
  }
  return end(code, flags, context);
}

async function tried(ping: Ping, body: string, signal: AbortSignal): Promise<Delivery> {
  const run = randomUUID();
  await ping.start(run, signal);
  return ping.finish(run, 0, body, signal);
}

const lines = (...all: readonly (string | null)[]): string => all.filter((line) => line !== null).join('\n');

function end(exitCode: ExitCode, { json }: NotifyFlags, context: CliContext): ExitCode {
  if (json) printJson(context, endLine('notify', exitCode));
  return exitCode;
}
