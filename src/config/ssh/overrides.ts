import { type Diagnostic, diagnostic, wholeFile } from '../diagnostics/diagnostic.ts';
import { check, diagnose } from '../diagnostics/issues.ts';
import { type Fields, fieldsSchema } from '../inventory/inventory-schema.ts';

/** Connection fields given as flags; they beat every file, for the hosts themselves and not for their jump hosts. */
export type Overrides = Omit<Fields, 'address' | 'hostKey'>;

/** What is wrong with flags: they go by the same rules as the inventory. */
export function checkOverrides(overrides: Overrides): readonly Diagnostic[] {
  const checked = check(fieldsSchema, overrides);
  if (checked.ok) return [];
  return diagnose(fieldsSchema, checked.issues, ([field]) =>
    wholeFile(FLAGS[String(field)] ?? `--${String(field)}`),
  ).map((one) => diagnostic(one, one.message));
}

const FLAGS: Readonly<Record<string, string>> = { identityFile: '--identity' };
