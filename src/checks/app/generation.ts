import { z } from 'zod';
import type { Verdict } from '../../model/check.ts';
import { sh } from '../../shell/sh.ts';
import { defineCheck } from '../define.ts';
import { excerpt } from '../detail.ts';
import { brief, brieflyFor } from '../fields.ts';
import { type Finding, linesOf, numberIn, verdictOf } from '../judge.ts';

const schema = z
  .strictObject({
    expected: z
      .int()
      .min(1)
      .meta({
        description:
          'The generation that must be active; by default the one that the last deploy or rollback has made live, which may be older than the newest good one.',
      })
      .optional(),
    drift: z
      .enum(['ignore', 'warn', 'critical'])
      .meta({ description: 'How bad it is that the host differs from what was deployed.' })
      .default('warn'),
    ...brief,
  })
  .meta({ examples: [{ drift: 'critical' }] });

/** What is asked; whoever has probed the host has the answer already. */
export const TELL_GENERATION = sh`tell_generation`;

/** Whether the right generation is active, nothing is half done, and nothing was changed by hand. */
export const generation = defineCheck({
  kind: 'generation',
  about:
    "The active generation was proved, nothing was left half done, and nothing differs. A deploy at work is well until its deadline by the host's own clock.",
  schema,
  label: () => 'generation',
  retryForMs: (spec) => brieflyFor(spec),
  quotes: 'never',
  asks: () => ({ script: TELL_GENERATION, withinMs: 120_000 }),

  judge({ expected, drift }, { text }): Verdict {
    const active = numberIn(linesOf(text, 'active')[0]);
    if (active === null) return { ok: false, detail: 'the host does not tell which generation is active' };
    const open = transaction(text);
    if (open !== null) return verdictOf([open]);
    if (active === 0) return { ok: false, detail: 'nothing is deployed there' };
    const made = linesOf(text, 'generation').map((line) => line.split(' '));
    const verdict = made.find(([id]) => id === String(active))?.[1];
    const newest = Math.max(0, ...made.filter(([, word]) => word === 'good').map(([id]) => Number(id)));
    const wanted = expected ?? active;
    const findings: readonly Finding[] = [
      ...(wanted === active
        ? []
        : [{ level: 'critical' as const, text: `generation ${active} is active, not ${wanted}` }]),
      ...(verdict === undefined || verdict === 'good'
        ? []
        : [{ level: 'critical' as const, text: `generation ${active} is active and was never proved healthy` }]),
      ...(drift === 'ignore' ? [] : differing(text, drift)),
    ];
    const behind = newest > active ? `, ${newest} is the newest good one` : '';
    return verdictOf(findings, `${active} is active${behind}`);
  },
});

/** What is under way, or was left so; null when nothing is. */
function transaction(text: string): Finding | null {
  const [, , to, running, ...by] = (linesOf(text, 'open')[0] ?? '').split(' ');
  const phase = excerpt(linesOf(text, 'phase')[0] ?? '');
  if (to === undefined) return null;
  const left = Number(linesOf(text, 'over-in')[0] ?? '0');
  const what = `a deploy of generation ${excerpt(to)} by ${excerpt(by.join(' '))}`;
  if (running !== 'running')
    return { level: 'critical', text: `${what} was left in ${phase}; the next deploy finishes it` };
  if (left >= 0) return { level: 'ok', text: `${what} is at work (${phase}), over in ${left} s at the latest` };
  return { level: 'critical', text: `${what} is at work (${phase}) and should have been over ${-left} s ago` };
}

function differing(text: string, level: 'warn' | 'critical'): readonly Finding[] {
  const found = [...linesOf(text, 'drift'), ...linesOf(text, 'altered').map((path) => `altered ${path}`)];
  if (found.length === 0) return [];
  const shown = found.slice(0, 3).map((line) => excerpt(line));
  const more = found.length > shown.length ? ` and ${found.length - shown.length} more` : '';
  return [
    { level, text: `differs from what was deployed: ${shown.join(', ')}${more}; \`fleet status\` tells all of it` },
  ];
}
