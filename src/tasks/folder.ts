import { Script, sh } from '../shell/sh.ts';

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
export function ancestors(path: string): string[] {
  const names = path.split('/').slice(1);
  return names.map((_name, i) => `/${names.slice(0, i + 1).join('/')}`);
}

/** Prints a line for each part of each absolute path, by the path's number. One program looks at all of them. */
export const probeFolders = (paths: readonly string[]): Script =>
  Script.join(
    [
      sh`seen=$(stat -c '%u %g %a %U %G //%n/' -- ${[...new Set(paths.flatMap(ancestors))]} 2>/dev/null)`,
      ...paths.map((path, item) => probeParts(item, ancestors(path))),
    ],
    '\n',
  );

const probeParts = (item: number, parts: readonly string[]): Script =>
  sh`for p in ${parts}; do
  if [ -L "$p" ]; then s=link; elif [ -d "$p" ]; then s=folder; elif [ -e "$p" ]; then s=other; else s=none; fi
  of=
  while read -r uid gid mode owner group name; do
    [ "$name" != "//$p/" ] || of="$uid $gid $mode $owner $group"
  done <<END
$seen
END
  echo folder ${item} "$s" $of
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

/** The scripts use functions of the host program (paths.sh), which never follow what somebody else can turn elsewhere. */
const setOwnerAndMode = ({ path, owner, group, mode, chown }: WantedFolder): Script =>
  sh`folder_set ${path} ${digits(mode)} ${chown ? owner : '-'} ${group ?? '-'}`;

/** @param missing parts of the path that are not there yet, outermost first */
export function createFolder(want: WantedFolder, missing: readonly string[]): Scripts {
  // What somebody has put something into in the meantime stays.
  return { apply: setOwnerAndMode(want), undo: sh`folders_gone ${missing.toReversed()}` };
}

export function repairFolder(want: WantedFolder, had: Exclude<Found, { state: 'none' }>): Scripts {
  const undo = sh`folder_set ${want.path} ${digits(had.mode)} ${want.chown ? had.uid : '-'} ${had.gid}`;
  return { apply: setOwnerAndMode(want), undo };
}
