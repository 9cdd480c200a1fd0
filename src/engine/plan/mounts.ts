import type { Layout } from '../../model/layout.ts';
import { EMPTY_TASK_PLAN } from '../../model/plan.ts';
import type { BoundTask } from '../../model/task.ts';
import { type Script, sh } from '../../shell/sh.ts';

/** The app's folders that a disk of their own may be meant for. */
const foldersOf = ({ root, data }: Layout): readonly string[] => [root, ...data.map((path) => `${root}/${path}`)];

/** A path as it stands in fstab(5) and in /proc/self/mounts. */
const escaped = (path: string) =>
  path.replace(/[ \t\n\\]/g, (c) => `\\${(c.codePointAt(0) ?? 0).toString(8).padStart(3, '0')}`);

/** Prints where disks are meant to be, and are, on the way to each folder: `FILE MOUNT-POINT OPTIONS`. */
export const mountsProbe = (layout: Layout, fstab = '/etc/fstab', mounts = '/proc/self/mounts'): Script =>
  sh`(
set --
for file in ${fstab} ${mounts}; do [ ! -r "$file" ] || set -- "$@" "$file"; done
[ $# = 0 ] || fstab=${fstab} folders=${foldersOf(layout).map(escaped).join('\n')} awk '
  BEGIN { n = split(ENVIRON["folders"], folder, "\n") }
  /^[ \t]*#/ || NF < 4 { next }
  {
    for (i = 1; i <= n; i++)
      if ($2 == "/" || index(folder[i] "/", $2 "/") == 1) {
        print (FILENAME == ENVIRON["fstab"] ? "meant" : "is"), $2, $4
        next
      }
  }' "$@" 2>/dev/null
:
)`;

type Mount = { readonly kind: string; readonly point: string; readonly options: readonly string[] };

const parse = (stdout: string): readonly Mount[] =>
  stdout.split('\n').flatMap((line) => {
    const [kind = '', point, options] = line.split(' ');
    if (point === undefined || options === undefined) return [];
    const plain = point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)));
    return [{ kind, point: plain, options: options.split(',') }];
  });

/** What disks on the way to the app's folders would do to it: one that is not mounted, and one that nothing runs from. */
export function mountWarnings(layout: Layout, stdout: string): readonly string[] {
  const mounts = parse(stdout);
  const above = (point: string, folder: string) => point === '/' || `${folder}/`.startsWith(`${point}/`);
  const live = mounts.filter(({ kind }) => kind === 'is');
  const missing = new Map(
    mounts
      .filter(({ kind, point }) => kind === 'meant' && !live.some((one) => one.point === point))
      .map(({ point }) => [point, foldersOf(layout).filter((folder) => above(point, folder))]),
  );
  // The innermost counts, and of several at one place the last.
  const here = live.filter(({ point }) => above(point, layout.root));
  const innermost = here.findLast(({ point }) => here.every((other) => other.point.length <= point.length));
  const absent = [...missing].map(
    ([point, folders]) =>
      `${point} stands in /etc/fstab and is not mounted: ${folders.join(', ')} would be written to the disk below it, and be out of sight once it is`,
  );
  const closed =
    innermost?.options.includes('noexec') === true
      ? [`${innermost.point} is mounted noexec: nothing below ${layout.root} can be started as a program of its own`]
      : [];
  return [...absent, ...closed];
}

/** A look at the disks below the app's folders; it does nothing. */
export const mounts = (layout: Layout): BoundTask => ({
  name: 'mounts',
  secrets: [],
  probe: mountsProbe(layout),
  plan: (stdout) => ({ ...EMPTY_TASK_PLAN, warnings: mountWarnings(layout, stdout) }),
});
