import type { Channel, Notice, NoticeItem, Ping } from '../../src/model/notice.ts';
import { fail, ok } from '../../src/model/outcome.ts';
import { Secret } from '../../src/model/secret.ts';
import { type NotifyIo, openChannel, openPing } from '../../src/notify/define.ts';
import { CHANNELS, PINGS } from '../../src/notify/index.ts';
import { noticeText } from '../../src/output/messages/notification.ts';

export const NOW = Date.UTC(2026, 10, 29, 22, 0, 0);

/** Secrets by the name of a variable. */
const ioWith = (env: Readonly<Record<string, string>>): NotifyIo => ({
  async secret(source) {
    if (typeof source !== 'object' || !('env' in source)) throw new Error('only variables here');
    const value = env[source.env];
    return value === undefined ? fail(`the variable ${source.env} is not set`) : ok(new Secret(source.env, value));
  },
  words: noticeText,
  now: () => NOW,
  machine: { hostname: 'operator.example.org', cwd: '/', env: { PATH: process.env.PATH } },
});

/** A channel as the inventory has it. */
export function channel(kind: string, written: object, env: Readonly<Record<string, string>> = {}): Channel {
  const found = CHANNELS.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`no kind ${kind}`);
  return openChannel(found, 'ops', found.schema.parse(written), ioWith(env));
}

export function ping(written: object, env: Readonly<Record<string, string>> = {}): Ping {
  const [found] = PINGS;
  if (found === undefined) throw new Error('no kind of ping');
  return openPing(found, 'alive', found.schema.parse(written), ioWith(env));
}

export const ITEM: NoticeItem = {
  ...{ id: 'p-17', kind: 'problem', severity: 'critical' },
  subject: { host: 'web-1', app: 'jarvis', check: 'service jarvis.service' },
  text: 'it is <down> & "out"',
  since: NOW - 60_000,
  evidence: ['ended with exit code 3'],
  log: ['Traceback: `x` is *not* <y>'],
  fix: 'fleet health --host web-1 --app jarvis',
};

export const NOTICE: Notice = {
  project: 'home',
  id: '0b1f6f2e-6a55-4a52-9d2b-6f6f6f6f6f6f',
  at: NOW,
  worst: 'critical',
  headline: '1 problem: web-1/jarvis is down',
  items: [ITEM],
  more: 0,
  moreWith: null,
};

export const never = (): AbortSignal => new AbortController().signal;
