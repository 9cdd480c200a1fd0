import type { Acts } from '../../model/act.ts';
import type { Found } from './scrub.ts';

/** What the host has done by itself, for as long as it holds, or for an hour; nothing where it does nothing. */
export function acted(acts: Acts | null): readonly Found[] {
  if (acts === null) return [];
  const { state, since, running, recent } = acts;
  const found = { check: 'act', ok: true, ms: 0, quotes: 'never' } as const;
  const last = recent.at(-1);
  const said = last === undefined ? '' : `; ${last.units} ${last.what} at ${last.at}: ${last.because}`;
  if (!running)
    return [{ ...found, warning: true, detail: `nobody looks after heat and hung services any more${said}` }];
  if (state === 'off') return [{ ...found, warning: true, detail: `stopped for heat since ${since}${said}` }];
  if (state === 'slow') return [{ ...found, warning: true, detail: `too warm since ${since}${said}` }];
  return last === undefined
    ? [{ ...found, detail: 'nothing had to be done' }]
    : [{ ...found, warning: true, detail: `${recent.length} times within the last hour${said}` }];
}
