import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../src/config/diagnostics/diagnostic.ts';
import { parseInventory } from '../../src/config/inventory/load-inventory.ts';
import { parsePlaybook } from '../../src/config/playbook/playbook.ts';
import { playbookSchema } from '../../src/config/playbook/playbook-schema.ts';
import { STAND_INS } from './stand-ins.ts';

const INVENTORY =
  'defaults: { user: root }\ngroups:\n  vps: { vars: { a: 1 } }\nhosts:\n  web1:\n    address: 192.0.2.1\n    groups: [vps]\n    hostKey: ssh-ed25519 AAAA\n';
const PLAYBOOK =
  'name: app\nhosts: [vps]\nroot: "/opt/{{ app }}"\nvars: { n: 1 }\ndata: [logs]\ndeploy: { batch: 50%, settle: 10s }\ntasks:\n  - copy: { from: a, words: [x] }\nhealth:\n  - http: { url: x }\n';

/** A text with a few stretches replaced by what YAML and templates care about. */
const mangled = (text: string) =>
  fc
    .array(
      fc.tuple(
        fc.nat(text.length),
        fc.nat(6),
        fc.constantFrom(
          '',
          ':',
          '{',
          '}',
          '[',
          ']',
          '- ',
          '*a',
          '&a ',
          '"',
          '\n',
          '\t',
          '{{',
          '}}',
          '? ',
          '!x ',
          '|\n',
          '<<: ',
          'é',
          '\r',
        ),
      ),
      { minLength: 1, maxLength: 4 },
    )
    .map((edits) => edits.reduce((at, [from, length, by]) => at.slice(0, from) + by + at.slice(from + length), text));

const wellFormed = (diagnostics: readonly Parameters<typeof formatDiagnostic>[0][]) => {
  for (const one of diagnostics) {
    expect(formatDiagnostic(one)).toMatch(/^x\.yaml:\d+:\d+: \S/);
    expect(one.excerpt === null || one.column <= one.excerpt.text.length + 1).toBe(true);
  }
};

const runs = 300;

describe('a damaged file', () => {
  it('of the inventory is refused with places in it, and never ends the program', () => {
    fc.assert(
      fc.property(mangled(INVENTORY), (text) => {
        const { part, diagnostics } = parseInventory('x.yaml', text);
        expect(part === null).toBe(diagnostics.length > 0);
        wellFormed(diagnostics);
      }),
      { numRuns: runs },
    );
  });

  it('of a playbook is refused with places in it, and never ends the program', () => {
    const schema = playbookSchema(STAND_INS);
    fc.assert(
      fc.property(mangled(PLAYBOOK), (text) => {
        const result = parsePlaybook('x.yaml', text, schema);
        if (result.ok) return;
        expect(result.failure.length).toBeGreaterThan(0);
        wellFormed(result.failure);
      }),
      { numRuns: runs },
    );
  });
});
