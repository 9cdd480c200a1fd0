import { excerpt } from './detail.ts';

/** What the host tells of a file. */
export type Seen = {
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  readonly size: number;
  readonly age: number;
};

export function parseFile(text: string): Seen | 'absent' | 'dangling' | 'hidden' | null {
  const bare = /^(absent|dangling|hidden)$/m.exec(text)?.[1] as 'absent' | 'dangling' | 'hidden' | undefined;
  if (bare !== undefined) return bare;
  const now = Number(/^now (\d+)$/m.exec(text)?.[1]);
  const [, mode, owner = '', group = '', bytes, changed] =
    /^file ([0-7]{1,4}) (\S+) (\S+) (\d{1,15}) (\d{1,15}) .+$/m.exec(text) ?? [];
  if (mode === undefined || Number.isNaN(now)) return null;
  return { mode: mode.padStart(4, '0'), owner, group, size: Number(bytes), age: Math.max(0, now - Number(changed)) };
}

/** How a file must be, and whose. */
export function differences(
  seen: Seen,
  want: { readonly [key in 'mode' | 'owner' | 'group']?: string | undefined },
): readonly string[] {
  const { mode, owner, group } = want;
  return [
    ...(mode === undefined || mode.padStart(4, '0') === seen.mode
      ? []
      : [`its mode is ${seen.mode}, not ${mode.padStart(4, '0')}`]),
    ...(owner === undefined || owner === seen.owner ? [] : [`it belongs to ${excerpt(seen.owner)}, not ${owner}`]),
    ...(group === undefined || group === seen.group ? [] : [`its group is ${excerpt(seen.group)}, not ${group}`]),
  ];
}
