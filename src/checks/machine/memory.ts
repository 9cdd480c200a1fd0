import { z } from 'zod';
import { sh } from '../../shell/sh.ts';
import { defineCheck } from '../define.ts';
import { excerpt } from '../detail.ts';
import { inOrder, listOf, percent, retries, retryForOf, unitNames } from '../fields.ts';
import { type Finding, levelOf, limitsInWords, numberIn, reading, sizeInWords, verdictOf } from '../judge.ts';
import { memoryFinding, parseUses } from '../use.ts';

const WARN = 80;
/** Of a host, where files that the kernel would give up count as free already. */
const WARN_OF_HOST = 90;

const preset = (unit: unknown) => (unit === 'host' ? WARN_OF_HOST : WARN);

const whose = z.union([z.literal('host'), unitNames]);

const schema = z
  .union([
    whose,
    z
      .strictObject({
        unit: whose.meta({ description: 'A unit, a list of them, or host: all of the machine.' }),
        warn: percent
          .meta({
            description: `From this share of MemoryMax, or of the host's memory, on it passes with a warning, in percent; by default ${WARN}, of the host ${WARN_OF_HOST}.`,
          })
          .optional(),
        critical: percent
          .meta({ description: 'From this share on the check fails, in percent; without it, it only warns.' })
          .optional(),
        ...retries,
      })
      .check((context) => {
        const { unit, warn = preset(unit), critical } = context.value;
        if (inOrder('high')({ warn, critical })) return;
        const message = `must be below critical (it is ${preset(unit)} when it is not set)`;
        context.issues.push({ code: 'custom', input: context.value, path: ['warn'], message });
      }),
  ])
  .meta({
    examples: ['jarvis.service', 'host', { unit: ['jarvis.service', 'jarvis-web.service'], warn: 80, critical: 95 }],
  });

function normal(spec: z.infer<typeof schema>) {
  const { unit, warn, critical } =
    typeof spec === 'object' && 'unit' in spec ? spec : { unit: spec, warn: undefined, critical: undefined };
  const limits = { warn: warn ?? preset(unit), critical };
  return { units: unit === 'host' ? null : listOf(unit), limits };
}

const ADVICE = 'raise MemoryMax=, lower the load or run more instances';

/** How near services are to MemoryMax, which systemd kills them at, or how near the whole host is to its end. */
export const memory = defineCheck({
  kind: 'memory',
  about:
    'Each unit, or the host, is below `critical`. Files that the kernel would give up first do not count. Where there is no limit, or no systemd, it passes and says what is used.',
  schema,
  label: (spec) => excerpt(`memory ${normal(spec).units?.join(', ') ?? 'of the host'}`),
  retryForMs: (spec) => retryForOf(spec),
  quotes: 'never',

  asks(spec) {
    const { units } = normal(spec);
    return { script: units === null ? sh`tell_memory` : sh`tell_units ${units}`, withinMs: 60_000 };
  },

  judge(spec, { text }) {
    const { units, limits } = normal(spec);
    if (units === null) return verdictOf([ofHost(text, limits)]);
    const uses = parseUses(text);
    if (units.some((unit) => !uses.has(unit))) return { ok: true, warning: true, detail: 'memory cannot be read' };
    const findings = units.map((unit) => memoryFinding(unit, uses.get(unit), limits));
    const verdict = verdictOf(findings, fullest(findings));
    const worst = verdict.ok ? ('warn' as const) : ('critical' as const);
    const bad = findings.filter(({ level }) => level === worst).map(({ text }) => text);
    if (bad.length === 0) return verdict;
    const { critical } = limits;
    const said = limitsInWords(worst === 'warn' ? limits : { critical }, ' %');
    return { ...verdict, detail: `${bad.join('; ')}${said}: ${ADVICE}` };
  },
});

function fullest(findings: readonly Finding[]): string {
  const share = ({ reading }: Finding) => (reading?.limit ? reading.value / reading.limit : -1);
  const [first] = [...findings].sort((a, b) => share(b) - share(a));
  return `${first?.text ?? 'no unit'}${findings.length === 1 ? '' : `, fullest of ${findings.length} units`}`;
}

function ofHost(text: string, limits: { readonly warn: number; readonly critical: number | undefined }): Finding {
  const kib = (key: string) => numberIn(new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1]);
  const total = kib('MemTotal') ?? 0;
  // Kernels before 3.14 do not tell what is available.
  const free = kib('MemAvailable') ?? (kib('MemFree') ?? 0) + (kib('Buffers') ?? 0) + (kib('Cached') ?? 0);
  if (total === 0 || free > total) return { level: 'ok', text: 'the host does not tell its memory' };
  const used = ((total - free) * 100) / total;
  const level = levelOf(used, limits);
  const said = `${sizeInWords((total - free) * 1024)} of ${sizeInWords(total * 1024)} in use (${Math.floor(used)} %)`;
  return {
    level,
    text: `${said}${level === 'ok' ? '' : limitsInWords(limits, ' %')}`,
    reading: reading(
      'memory of the host',
      (total - free) * 1024,
      'bytes',
      {
        warn: (limits.warn * total * 1024) / 100,
        critical: limits.critical === undefined ? undefined : (limits.critical * total * 1024) / 100,
      },
      total * 1024,
    ),
  };
}
