import type { AppLook } from '../../src/model/look.ts';

/** A look at an app whose only check has read these, with a limit of 100. */
export const looksOfReadings = (host: string, app: string, readings: Readonly<Record<string, number>>): AppLook => ({
  ...{ host, app, jumps: [], seen: true, live: { generation: 1, change: null }, transaction: null, unjudged: [] },
  checks: [
    {
      ...{ check: 'numbers', level: 'ok', detail: '', confirm: { runs: 1, of: 1 }, recoverAfter: 1 },
      ...{ evidence: [], log: [], fix: null, event: null, tries: 1 },
      readings: Object.entries(readings).map(([name, value]) => ({
        ...{ name, value, unit: 'count', warn: null, critical: null, limit: 100 },
      })),
    },
  ],
});
