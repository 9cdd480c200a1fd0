import { excerpt } from '../detail.ts';

const PART = /\.?([^.[\]]+)|\[(\d{1,6})\]/y;

/** The parts of `checks.db.ok` or `items[0].name`; null for what is no such path. */
function parts(text: string): readonly string[] | null {
  const found: string[] = [];
  PART.lastIndex = 0;
  while (PART.lastIndex < text.length) {
    const match = PART.exec(text);
    if (match === null) return null;
    found.push(match[1] ?? match[2] ?? '');
  }
  return text === '' || text.startsWith('.') ? null : found;
}

export const isJsonPath = (text: string): boolean => parts(text) !== null;

type Plain = string | number | boolean | null;

/** Why a body does not hold these values; null when it does. */
export function jsonTrouble(body: string, wanted: Readonly<Record<string, Plain>>): string | null {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return 'the body is not JSON';
  }
  for (const [path, want] of Object.entries(wanted)) {
    const got = at(value, parts(path) ?? []);
    if (got === undefined) return `the body has no ${excerpt(path)}`;
    if (got !== want)
      return `${excerpt(path)} is ${excerpt(JSON.stringify(got))}, not ${excerpt(JSON.stringify(want))}`;
  }
  return null;
}

/** Own members only: what every object has is not the service's. */
const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (here, part) =>
      typeof here === 'object' && here !== null && Object.hasOwn(here, part) ? Reflect.get(here, part) : undefined,
    value,
  );
