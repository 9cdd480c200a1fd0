import { error, warning } from '../finding.ts';
import { isBelow } from '../layout-paths.ts';
import { rotationsOf } from '../rotation.ts';
import type { Rule, Subject } from '../subject.ts';

/** logrotate-owner: root does not rotate in a folder where another account may write, unless told as whom. */
export const logrotateOwner: Rule = (subject) =>
  subject.logrotate.flatMap((source) => {
    const { rotations } = rotationsOf(source);
    const told = rotations.some(({ paths, directives }) => paths.length === 0 && has(directives, 'su'));
    return rotations.flatMap(({ paths, directives, at }) => {
      if (told || has(directives, 'su')) return [];
      return paths.flatMap((path) => {
        const folder = folderOf(path.replace(/\/[^/]*$/, ''), subject);
        if (folder === null) return [];
        const { owner, mode } = folder;
        const open = (mode & 0o022) !== 0;
        return [
          (open ? error : warning)('logrotate-owner', at, {
            message: `${path} is in a folder of ${owner}, and the block has no su`,
            why: open
              ? `logrotate says "parent directory has insecure permissions" and skips the log: others than root may write there (${mode.toString(8)})`
              : `logrotate works there as root, and ${owner} can turn a name in its folder into a link to any file of the host`,
            fix: `add "su ${owner} ${owner}" to the block`,
          }),
        ];
      });
    });
  });

const has = (directives: readonly { readonly words: readonly string[] }[], word: string) =>
  directives.some(({ words }) => words[0] === word);

/** The folder of the playbook that a log lies in, when it does not belong to root. */
function folderOf(path: string, { folders, layout }: Subject) {
  const data = layout.data.map((name) => ({
    path: `${layout.root}/${name}`,
    owner: layout.user ?? 'root',
    mode: 0o750,
  }));
  const holds = [...folders, ...data].filter((folder) => isBelow(path, folder.path));
  const [closest] = holds.sort((a, b) => b.path.length - a.path.length);
  return closest === undefined || closest.owner === 'root' ? null : closest;
}
