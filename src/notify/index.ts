import type { ChannelKind, PingKind } from './define.ts';
import type { Common } from './fields.ts';
import { healthchecks } from './healthchecks.ts';
import { mail } from './mail.ts';
import { ntfy } from './ntfy.ts';
import { slack } from './slack.ts';
import { telegram } from './telegram.ts';
import { webhook } from './webhook.ts';

/** Every kind of channel. A new one is an import and an entry here. */
export const CHANNELS: readonly ChannelKind<string, Common>[] = [webhook, slack, telegram, mail, ntfy];

/** Every kind of ping. */
export const PINGS: readonly PingKind<string, Common>[] = [healthchecks];
