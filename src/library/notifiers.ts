import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { basename } from 'node:path';
import { readSecret } from '../config/inputs/secret-source.ts';
import type { Project } from '../config/project.ts';
import type { Summary } from '../model/events.ts';
import type { Channel, Ping } from '../model/notice.ts';
import { fail, ok } from '../model/outcome.ts';
import { Secret } from '../model/secret.ts';
import { type NotifyIo, openChannel, openPing } from '../notify/define.ts';
import type { Common, SecretSource } from '../notify/fields.ts';
import { CHANNELS, PINGS } from '../notify/index.ts';
import { runNotice } from '../output/messages/news.ts';
import { deliveryLine, noticeText } from '../output/messages/notification.ts';
import { InputError } from '../tasks/define.ts';

type Notifiers = { readonly channels: readonly Channel[]; readonly pings: readonly Ping[] };

/** Everybody of the inventory who can be told. Secrets are read when the first message is sent. */
export function openNotifiers(project: Project, warn: (text: string) => void): Notifiers {
  const { dir, invoker, inventory } = project;
  const io: NotifyIo = {
    async secret(source) {
      try {
        return ok(new Secret(nameOf(source), await readSecret(source, dir, invoker, warn)));
      } catch (error) {
        if (error instanceof InputError) return fail(error.message);
        throw error;
      }
    },
    words: noticeText,
    now: Date.now,
    machine: { hostname: hostname(), cwd: dir, env: invoker.env },
  };
  const channels: Channel[] = [];
  const pings: Ping[] = [];
  for (const [name, entry] of inventory.notifiers) {
    const isKind = ({ kind }: { readonly kind: string }) => kind === entry.kind;
    const spec = entry.spec as Common;
    const channel = CHANNELS.find(isKind);
    if (channel !== undefined) channels.push(openChannel(channel, name, spec, io));
    const ping = PINGS.find(isKind);
    if (ping !== undefined) pings.push(openPing(ping, name, spec, io));
  }
  return { channels, pings };
}

/** Of a command only the program: its other words may tell too much. */
function nameOf(source: SecretSource): string {
  if (typeof source === 'string') return source;
  return 'env' in source ? source.env : `the output of ${source.command[0]}`;
}

/** Tells the channels of the playbooks how a run has ended. It changes nothing about the run; who was not told is said. */
export async function announce(
  project: Project,
  { command, hosts }: Summary,
  by: string,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<void> {
  const listeners = new Map(project.playbooks.map(({ name, notify }) => [name, notify]));
  const run = { project: basename(project.dir), command, hosts, by, id: randomUUID(), at: Date.now() };
  // What a Ctrl-C has led to is told too; one that comes now ends the telling.
  const stop = signal.aborted ? new AbortController().signal : signal;
  const { channels } = openNotifiers(project, (text) => say(`warning: ${text}`));
  const told = channels.map(async (channel) => {
    const notice = runNotice(run, (app, news) =>
      (listeners.get(app) ?? []).some((one) => one.channel === channel.name && one.news.includes(news)),
    );
    if (notice === null) return;
    const delivery = await channel.deliver(notice, stop);
    if (!delivery.sent) say(deliveryLine(channel.name, delivery));
  });
  await Promise.all(told);
}
