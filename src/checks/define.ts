import type { z } from 'zod';
import type { Before, BoundCheck, CheckIo, Memory, Place, Printed, Question, Quotes, Verdict } from '../model/check.ts';
import type { DeclaredFolder } from '../model/declared.ts';
import type { Layout } from '../model/layout.ts';
import { reason } from './detail.ts';
import { confirmOf } from './fields.ts';
import { timeInWords } from './judge.ts';

type Common<Kind extends string, Spec> = {
  readonly kind: Kind;
  /** When it passes, for the reference and for editors. */
  readonly about: string;
  readonly schema: z.ZodType<Spec>;
  /** One line that names the check to a reader. */
  label(spec: Spec, layout: Layout): string;
  /** How long a deploy tries the check again, in milliseconds; null for as long as its deadline allows. */
  retryForMs(spec: Spec): number | null;
  readonly quotes: Quotes;
  /** How a host asks it without anybody: a function of the host program and its words; null where that cannot be. */
  alone?(spec: Spec, layout: Layout): readonly string[] | null;
  /** Good runs of a monitor in a row after which it is well again; 1 unless told. */
  readonly recoverAfter?: number;
  /** Why an app must not have such a check, as far as that can be seen without its host; null when it may. */
  refuses?(spec: Spec, layout: Layout, folders: readonly DeclaredFolder[]): string | null;
  /** What is kept with a generation, where that is not the spec as the playbook has it; `kept` reads it, and older ones. */
  keep?(spec: Spec): unknown;
  readonly kept?: z.ZodType<Spec>;
};

/** What a check that reads on the host knows besides what was printed there. */
export type Look = { readonly layout: Layout; readonly before: Before };

/** One that reads on the host: what it asks, and a pure judgement of what was printed. */
type HostSide<Spec> = {
  asks(spec: Spec, look: Look): Question;
  judge(spec: Spec, printed: Printed, look: Look): Verdict;
};

/** One that connects from the host. */
type Connecting<Spec> = {
  dials(spec: Spec): Place;
  check(spec: Spec, io: CheckIo): Promise<Verdict>;
};

/** The whole contract of a check kind: a schema, a name for readers, and a read-only question to the host. */
export type CheckKind<Kind extends string, Spec> = Common<Kind, Spec> & (HostSide<Spec> | Connecting<Spec>);

/** No host has more to say to one question. */
const MOST = 1 << 20;

export const defineCheck = <const Kind extends string, Spec>(check: CheckKind<Kind, Spec>) => check;

export function bindCheck<Spec>(kind: CheckKind<string, Spec>, spec: Spec, layout: Layout): BoundCheck {
  const alone = kind.alone?.(spec, layout) ?? null;
  const common = {
    ...(alone === null ? {} : { alone }),
    label: kind.label(spec, layout),
    written: JSON.stringify({ [kind.kind]: kind.keep === undefined ? spec : kind.keep(spec) }),
    retryForMs: kind.retryForMs(spec),
    quotes: kind.quotes,
    recoverAfter: kind.recoverAfter ?? 1,
    confirm: confirmOf(spec) ?? { runs: 1, of: 1 },
  };
  if ('dials' in kind)
    return { ...common, dials: kind.dials(spec), asks: () => null, check: (io) => kind.check(spec, io) };
  const asks = (before: Before) => kind.asks(spec, { layout, before });
  return {
    ...common,
    dials: null,
    asks,
    async check(io) {
      const { before } = io.memory;
      const asked = await io.ask(asks(before));
      if (!asked.ok) return { ok: false, detail: reason(asked.failure) };
      const { text, ...when } = asked.value;
      return ahead(kind.judge(spec, { ...when, text: text.slice(0, MOST) }, { layout, before }), io.memory);
    },
  };
}

/** What is near its limit says when it is there, if it goes on like that. */
function ahead(verdict: Verdict, { reachesIn }: Memory): Verdict {
  const near = (verdict.readings ?? []).filter(({ value, warn, critical }) => value >= (warn ?? critical ?? Infinity));
  const times = near.flatMap((reading) => reachesIn(reading) ?? []);
  if ((verdict.ok && verdict.warning !== true) || times.length === 0) return verdict;
  const soonest = timeInWords(Math.min(...times) / 1000);
  return { ...verdict, detail: `${verdict.detail}; at this slope the limit is reached in ${soonest}` };
}
