import { type Script, sh } from '../shell/sh.ts';

/** What stands at one part of a path. A link is not looked through. */
export type Found =
  | { readonly state: 'none' }
  | {
      readonly state: 'folder' | 'link' | 'other';
      readonly uid: number;
      readonly gid: number;
      readonly owner: string;
      readonly group: string;
      readonly mode: number;
    };

/** `/a/b` → `/a`, `/a/b`. */
export function partsOf(path: string): string[] {
  const names = path.split('/').slice(1);
  return names.map((_name, i) => `/${names.slice(0, i + 1).join('/')}`);
}

/** Prints a line for each part of an absolute path; the item's number stands for its name. */
export const probeFolder = (item: number, path: string): Script =>
  sh`for p in ${partsOf(path)}; do
  if [ -L "$p" ]; then s=link; elif [ -d "$p" ]; then s=folder; elif [ -e "$p" ]; then s=other; else s=none; fi
  echo folder ${item} "$s" $(stat -c '%u %g %a %U %G' "$p" 2>/dev/null)
done`;

const LINE =
  /^folder (?<item>\d+) (?<state>\w+)(?: (?<uid>\d+) (?<gid>\d+) (?<mode>[0-7]+) (?<owner>\S+) (?<group>\S+))?$/;

/** By item, what stands at each part of its path, from the outermost inwards. */
export function parseFolders(stdout: string): readonly (readonly Found[])[] {
  const items: Found[][] = [];
  for (const line of stdout.split('\n')) {
    const { item, state, uid, gid, mode, owner = '', group = '' } = LINE.exec(line.trim())?.groups ?? {};
    if (item === undefined) continue;
    const parts = items[Number(item)] ?? [];
    items[Number(item)] = parts;
    if (state === 'none') parts.push({ state });
    else if ((state === 'folder' || state === 'link' || state === 'other') && mode !== undefined) {
      parts.push({ state, uid: Number(uid), gid: Number(gid), owner, group, mode: Number.parseInt(mode, 8) });
    }
  }
  return items;
}

export type WantedFolder = {
  readonly path: string;
  readonly owner: string;
  /** Null for the owner's own group. */
  readonly group: string | null;
  readonly mode: number;
  /** Whether the owner can and has to be set: only root gives folders away. */
  readonly chown: boolean;
};

type Scripts = { readonly apply: Script; readonly undo: Script };

// GNU chmod keeps the setgid bit of a folder unless the mode has five digits.
const digits = (mode: number) => mode.toString(8).padStart(5, '0');

/** Goes into the folder and works on `.`: whoever swaps the path for a link meanwhile is found out, not followed. */
function inside(path: string, work: Script): Script {
  const parent = path.slice(0, path.lastIndexOf('/'));
  const name = path.slice(parent.length + 1);
  const swapped = sh`{ printf '%s is not the folder that it was\n' ${path} >&2; false; }`;
  if (parent === '') return sh`cd -P ${path} && { [ "$(pwd -P)" = ${path} ] || ${swapped}; } && ${work}`;
  const up = sh`up=$(cd -P ${parent} && pwd -P) && cd -P ${path}`;
  return sh`${up} && { [ "$(pwd -P)" = "$up"/${name} ] || ${swapped}; } && ${work}`;
}

function settle({ path, owner, group, mode, chown }: WantedFolder): Script {
  const chmod = sh`chmod ${digits(mode)} .`;
  if (!chown) return inside(path, group === null ? chmod : sh`chgrp ${group} . && ${chmod}`);
  if (group !== null) return inside(path, sh`chown ${owner}:${group} . && ${chmod}`);
  return inside(path, sh`group=$(id -gn ${owner}) && chown ${owner}:"$group" . && ${chmod}`);
}

/** @param missing parts of the path that are not there yet, outermost first */
export function createFolder(want: WantedFolder, missing: readonly string[]): Scripts {
  const outer = missing.slice(0, -1);
  const parents = outer.length === 0 ? sh`umask 022` : sh`umask 022 && mkdir -p ${outer}`;
  return {
    // Private until it has its owner and mode; an earlier entry of the same list may have made it as a parent.
    apply: sh`${parents} && { [ -d ${want.path} ] || mkdir -m 0700 ${want.path}; } && ${settle(want)}`,
    // What somebody has put something into in the meantime stays.
    undo: sh`rmdir ${missing.toReversed()} 2>/dev/null || :`,
  };
}

export function repairFolder(want: WantedFolder, had: Exclude<Found, { state: 'none' }>): Scripts {
  const chmod = sh`chmod ${digits(had.mode)} .`;
  const back = want.chown ? sh`chown ${had.uid}:${had.gid} . && ${chmod}` : sh`chgrp ${had.gid} . && ${chmod}`;
  return { apply: settle(want), undo: inside(want.path, back) };
}
