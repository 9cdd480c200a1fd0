import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { suggestion } from '../../config/diagnostics/nearest.ts';
import type { Project } from '../../config/project.ts';
import type { Channel, Delivery, Ping } from '../../model/notice.ts';
import { testNotice } from '../../output/messages/news.ts';
import { openNotifiers } from '../notifiers.ts';
import { Refusal } from '../refusal.ts';

/** Who can be told: a channel or a ping of the inventory, by the name and the kind that it has there (`slack`, `mail` …). */
export type NamedChannel = { readonly channel: string; readonly kind: string };

/** How a test message to a channel ended: `answer` is what came back, or why nothing did. */
export type TestedChannel = NamedChannel & Delivery;

/** How channels are tried. */
export type TestOptions = {
  /** Ends what is still on its way, as not sent. */
  readonly signal?: AbortSignal;
  /** Hears of each as soon as it and those before it have ended. */
  readonly onTested?: (one: TestedChannel) => void;
  /** Hears what is not right although it works, such as a file of a secret that others may read. */
  readonly onNote?: (text: string) => void;
};

/** @param names all unless told @throws Refusal */
export function channels({ inventory }: Project, names: readonly string[] = []): readonly NamedChannel[] {
  const { notifiers } = inventory;
  const known = [...notifiers.keys()];
  for (const name of names) {
    if (notifiers.has(name)) continue;
    const hint = suggestion(name, known, 'channels');
    throw new Refusal(`there is no channel "${name}" in the inventory${hint === null ? '' : `\n${hint}`}`);
  }
  if (known.length === 0) throw new Refusal('the inventory has no channels; define some under "notify:"');
  const chosen = names.length === 0 ? known : names;
  return chosen.map((name) => ({ channel: name, kind: notifiers.get(name)?.kind ?? '' }));
}

/** A message to each at once. @throws Refusal */
export async function testChannels(
  project: Project,
  names: readonly string[],
  { signal = new AbortController().signal, onTested = () => {}, onNote = () => {} }: TestOptions,
): Promise<readonly TestedChannel[]> {
  const chosen = channels(project, names);
  const all = openNotifiers(project, (text) => onNote(`warning: ${text}`));
  const notice = testNotice(basename(project.dir), randomUUID(), Date.now());
  const sent = chosen.map(async ({ channel: name }): Promise<Delivery> => {
    const isIt = (one: Channel | Ping) => one.name === name;
    const channel = all.channels.find(isIt);
    if (channel !== undefined) return channel.deliver(notice, signal);
    const ping = all.pings.find(isIt);
    if (ping === undefined) throw new Error(`the schema let the channel ${name} through`);
    return tried(ping, notice.headline, signal);
  });
  const tested: TestedChannel[] = [];
  for (const [i, one] of chosen.entries()) {
    const whole = { ...one, ...(await (sent[i] as Promise<Delivery>)) };
    tested.push(whole);
    onTested(whole);
  }
  return tested;
}

async function tried(ping: Ping, body: string, signal: AbortSignal): Promise<Delivery> {
  const run = randomUUID();
  await ping.start(run, signal);
  return ping.finish(run, 0, body, signal);
}
