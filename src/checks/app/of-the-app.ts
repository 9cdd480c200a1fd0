import { z } from 'zod';
import { sh } from '../../shell/sh.ts';
import { defineCheck } from '../define.ts';
import { differences, parseFile } from '../file-state.ts';
import { type Finding, type Limits, limitsInWords, linesOf, verdictOf } from '../judge.ts';
import { memoryFinding, parseUses, tasksFinding, watchdogFinding } from '../use.ts';

// What `fleet health` asks of every app by itself, and no playbook has to name.

/**
 * Files that the kernel could give up do not count, so that what is that full is about to be killed, or can start no thread
 * more. A watchdog is only ever seen in the middle of its time, and what it bites is told as a restart.
 */
const PRESET = {
  memory: { warn: 90, critical: 98 },
  tasks: { warn: 90, critical: 98 },
  watchdog: { warn: 90 },
} as const satisfies Record<string, Limits>;

/** Units whose memory, or all else of them, checks of the playbook judge. */
const except = z.strictObject({ memory: z.array(z.string()), rest: z.array(z.string()) });

/** What all services that a deploy starts use of what they may. Whether they are up is asked by the probe. */
export const services = defineCheck({
  kind: 'services',
  about: "The app's services are as they should be.",
  schema: except,
  label: () => 'limits of the services',
  retryForMs: () => null,
  quotes: 'never',
  asks: () => ({ script: sh`tell_use_of_app`, withinMs: 60_000 }),

  judge(elsewhere, { text }) {
    const uses = [...parseUses(text)];
    const findings = uses.flatMap(([unit, use]): readonly Finding[] => {
      const memory = memoryFinding(unit, use, PRESET.memory);
      const said = `${memory.text}${limitsInWords(PRESET.memory, ' %')}`;
      return [
        ...(elsewhere.memory.includes(unit) ? [] : [{ ...memory, text: said }]),
        ...(elsewhere.rest.includes(unit)
          ? []
          : [...tasksFinding(unit, use, PRESET.tasks), ...watchdogFinding(unit, use, PRESET.watchdog)]),
      ];
    });
    return verdictOf(findings, `${uses.length} ${uses.length === 1 ? 'service' : 'services'} within their limits`);
  },
});

/** Whether the app's `.env` is there, and nobody else's to read. What stands in it is compared by the probe. */
export const settings = defineCheck({
  kind: 'settings',
  about: 'The `.env` has the mode and the owner that it should have.',
  schema: z.strictObject({}),
  label: () => '.env',
  retryForMs: () => null,
  quotes: 'never',
  asks: () => ({ script: sh`tell_settings`, withinMs: 60_000 }),

  judge(_, { text }) {
    const owner = linesOf(text, 'owner')[0];
    if (owner === undefined) return { ok: true, detail: 'none was deployed' };
    const seen = parseFile(text);
    if (seen === null || seen === 'hidden')
      return { ok: true, warning: true, detail: 'it cannot be looked at by this login' };
    if (typeof seen === 'string') return { ok: false, detail: 'it is not there' };
    const wrong = differences(seen, { mode: '0600', ...(owner === '-' ? {} : { owner }) });
    return verdictOf(
      wrong.map((text) => ({ level: 'critical', text })),
      `${seen.mode}, ${seen.owner}`,
    );
  },
});
