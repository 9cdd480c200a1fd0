import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { sh } from '../../shell/sh.ts';
import { defineCheck } from '../define.ts';
import { excerpt } from '../detail.ts';
import { brief, brieflyFor, inOrder, path, secondsOf, span, wrongWay } from '../fields.ts';
import { verdictOf } from '../judge.ts';
import { EXPIRY, expiryFinding } from './expiry.ts';

const long = z
  .strictObject({
    path: path.meta({ description: 'The file.' }),
    warn: span
      .meta({ description: 'So long before its end it passes with a warning.', examples: ['21d'] })
      .default(EXPIRY.warn),
    critical: span
      .meta({ description: 'So long before its end the check fails.', examples: ['7d'] })
      .default(EXPIRY.critical),
    ...brief,
  })
  .refine(
    inOrder('low', secondsOf),
    wrongWay('low', ` (they are ${EXPIRY.warn} and ${EXPIRY.critical} when they are not set)`),
  );

const schema = z
  .union([path, long])
  .meta({ examples: ['/etc/ssl/jarvis.pem', { path: '/etc/ssl/jarvis.pem', warn: '30d', critical: '7d' }] });

const normal = (spec: z.infer<typeof schema>) => (typeof spec === 'string' ? long.parse({ path: spec }) : spec);

const MOST = 20;

/** How long the certificates of a PEM file on the host are good for; of several, the one that ends first. */
export const certificate = defineCheck({
  kind: 'certificate',
  about: 'Each certificate in a file (PEM) is good for longer.',
  schema,
  label: (spec) => excerpt(`certificate ${normal(spec).path}`),
  retryForMs: (spec) => brieflyFor(spec),
  quotes: 'never',
  asks: (spec) => ({ script: sh`tell_certificates ${normal(spec).path}`, withinMs: 60_000 }),

  judge(spec, { text, to }) {
    const { path, warn, critical } = normal(spec);
    if (/^absent$/m.test(text)) return { ok: false, detail: 'it is not there' };
    const blocks = text.match(/-----BEGIN (TRUSTED )?CERTIFICATE-----[^-]+-----END (TRUSTED )?CERTIFICATE-----/g) ?? [];
    const read = blocks.slice(0, MOST).map(parse);
    const ends = read.flatMap((one) => (one === null ? [] : [one])).sort((a, b) => a.until - b.until);
    const [first] = ends;
    if (first === undefined) {
      const why = /^read [1-9]/m.test(text)
        ? `it cannot be read: ${excerpt(text.split('\n')[1] ?? '')}`
        : 'no certificate stands in it';
      return { ok: false, detail: why };
    }
    const finding = expiryFinding(excerpt(path), first, to, { warn, critical });
    return verdictOf([finding]);
  },
});

function parse(pem: string): { readonly from: number; readonly until: number; readonly of: string } | null {
  try {
    const { validFrom, validTo, subject } = new X509Certificate(pem.replace('TRUSTED ', '').replace('TRUSTED ', ''));
    return { from: Date.parse(validFrom), until: Date.parse(validTo), of: excerpt(subject.split('\n').at(-1) ?? '') };
  } catch {
    return null;
  }
}
