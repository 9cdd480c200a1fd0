import { z } from 'zod';
import { pause } from '../util/async.ts';
import { definePing, readUrl, type Use } from './define.ts';
import { type Answer, delivered, exchange } from './exchange.ts';
import { common, urlSource } from './fields.ts';

const schema = z.strictObject({
  url: urlSource.meta({
    description: 'The ping URL of the check, by UUID or by slug.',
    examples: ['https://hc-ping.com/UUID', { env: 'HEALTHCHECKS_URL' }],
  }),
  when: z
    .enum(['healthy', 'ran'])
    .meta({
      description: 'What it stands for: that all is healthy, or only that somebody looked at the hosts.',
      examples: ['ran'],
    })
    .default('healthy'),
  ...common,
});

/** What services keep of a body that do not say how much. */
const BODY_MOST = 10_000;

const TRIES = 5;
const FIRST_PAUSE_MS = 300;

/** Exit codes of a run that has looked at hosts, whatever it saw. */
const RAN = new Set([0, 1, 3, 4]);

/** Raises the alarm where no run comes, at Healthchecks.io or at what speaks like it. */
export const healthchecks = definePing({
  kind: 'healthchecks',
  about: 'A ping for each run, at Healthchecks.io or at what speaks like it, which raises the alarm where none comes.',
  schema,

  async start({ url }, run, use) {
    const answer = await exchange(at(await readUrl(url, use), 'start', run), { body: '' }, use.signal);
    const limit = answer.end === 'answered' ? Number(answer.header('ping-body-limit') ?? Number.NaN) : Number.NaN;
    return Number.isSafeInteger(limit) && limit >= 0 ? limit : null;
  },

  async finish({ url, when }, { run, exitCode, body, bodyLimit }, use) {
    const code = when === 'ran' && RAN.has(exitCode) ? 0 : exitCode;
    const to = at(await readUrl(url, use), String(code), run);
    const sent = clipped(body, bodyLimit ?? BODY_MOST);
    return delivered(await insist(to, sent, use), use.now());
  },
});

/** A lost ping would be an alarm for nothing, so it is tried again for as long as there is time. */
async function insist(url: URL, body: string, { signal }: Use): Promise<Answer> {
  for (let left = TRIES - 1, wait = FIRST_PAUSE_MS; ; left -= 1, wait *= 2) {
    const answer = await exchange(url, { body, headers: { 'content-type': 'text/plain; charset=utf-8' } }, signal);
    const again = answer.end === 'failed' ? !answer.permanent : answer.status >= 500;
    if (!again || left === 0 || signal.aborted) return answer;
    await pause(wait, signal);
    if (signal.aborted) return answer;
  }
}

function at(url: URL, end: string, run: string): URL {
  const to = new URL(url);
  to.pathname = `${to.pathname.replace(/\/$/, '')}/${end}`;
  to.searchParams.set('rid', run);
  return to;
}

/** The first `most` bytes, of which the last character is whole. */
function clipped(text: string, most: number): string {
  const all = Buffer.from(text);
  let end = Math.min(most, all.length);
  while (end > 0 && end < all.length && ((all[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return all.subarray(0, end).toString('utf8');
}
