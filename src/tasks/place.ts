import { type Script, sh } from '../shell/sh.ts';

/** Who decides what stands at a path: see the host's own words for it in paths.sh, which the probe has at hand. */
export type Place =
  /** Nobody but root can change any part of the way to it. */
  | { readonly keeper: 'root' }
  /** It lies below a folder of an account, and can only be that account's. */
  | { readonly keeper: 'account'; readonly account: string }
  | { readonly keeper: 'nobody'; readonly obstacle: string };

/** Prints who keeps the folder that a path stands in; the item's number stands for its name. */
export const probePlace = (item: number, path: string): Script => sh`tell_place ${item} ${path}`;

/** By item; what the host did not answer for is missing. */
export function parsePlaces(stdout: string): readonly (Place | undefined)[] {
  const places: Place[] = [];
  for (const line of stdout.split('\n')) {
    const [, item, account = '', obstacle = ''] = /^place (\d+) (\S*) (.*)$/.exec(line) ?? [];
    if (item === undefined) continue;
    if (account === 'root') places[Number(item)] = { keeper: 'root' };
    else if (account !== '') places[Number(item)] = { keeper: 'account', account };
    else places[Number(item)] = { keeper: 'nobody', obstacle };
  }
  return places;
}

/** What is needed before something of an owner can stand at a path, or null when it can. */
export function placeFor(path: string, owner: string, place: Place | undefined): string | null {
  if (place === undefined) return `a look at the folders above ${path}`;
  switch (place.keeper) {
    case 'root':
      return null;
    case 'account':
      if (place.account === owner) return null;
      return `a place for ${path} (${owner}) that ${place.account} cannot change: it lies below a folder of ${place.account}, so nobody else can own it`;
    case 'nobody':
      return `a place for ${path} that nobody but root can change: ${place.obstacle}`;
  }
}
