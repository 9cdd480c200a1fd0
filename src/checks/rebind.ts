import type { BoundCheck } from '../model/check.ts';
import type { Layout } from '../model/layout.ts';
import { bindCheck, type CheckKind } from './define.ts';
import { CHECKS } from './index.ts';

/** A check as it was kept with a generation; null when this program does not know it, or not so. */
export function rebindCheck(written: string, layout: Layout): BoundCheck | null {
  const bind = <Spec>(check: CheckKind<string, Spec>, spec: unknown) => {
    const parsed = (check.kept ?? check.schema).safeParse(spec);
    return parsed.success ? bindCheck(check, parsed.data, layout) : null;
  };
  const [kind, spec] = entry(written);
  for (const check of CHECKS) if (check.kind === kind) return bind(check as CheckKind<string, unknown>, spec);
  return null;
}

function entry(written: string): readonly [kind: string, spec: unknown] {
  try {
    return Object.entries(JSON.parse(written))[0] ?? ['', null];
  } catch {
    return ['', null];
  }
}
