/** Works with GNU and with busybox tools; $@ are the roots. Names with line breaks are not supported. */
export const manifestScript = `
for root; do
  shift
  if [ -e "$root" ] || [ -L "$root" ]; then set -- "$@" "$root"; fi
done
[ $# -gt 0 ] || exit 0
find "$@" -xdev -exec stat -c '%f %u %g %n' {} +
echo ==
find "$@" -xdev -type f -exec sha256sum {} +
echo ==
find "$@" -xdev -type l -exec sh -c 'for l; do readlink "$l"; echo "$l"; done' sh {} +
`;

/** By the file type digits of the mode, in octal. */
const types: Record<string, string> = {
  14: 'socket',
  12: 'link',
  10: 'file',
  6: 'block',
  4: 'dir',
  2: 'char',
  1: 'fifo',
};

/** Turns the output of the script into sorted lines "path type mode uid gid [sha256 or link target]". */
export function parseManifest(output: string, ignore: readonly RegExp[]): string[] {
  const [stats = '', sums = '', links = ''] = output.split(/^==\n/m);
  const content = new Map<string, string>();
  for (const line of sums.split('\n')) content.set(line.slice(66), line.slice(0, 64));
  const linkLines = links.split('\n');
  for (let at = 0; at + 1 < linkLines.length; at += 2) content.set(linkLines[at + 1] ?? '', `-> ${linkLines[at]}`);

  const lines: string[] = [];
  for (const line of stats.split('\n').filter((text) => text !== '')) {
    const [, hex = '', uid, gid, path = ''] = /^([0-9a-f]+) (\d+) (\d+) (.*)$/.exec(line) ?? [];
    if (path === '') throw new Error(`manifest: cannot read ${JSON.stringify(line)}`);
    if (ignore.some((pattern) => pattern.test(path))) continue;
    const mode = Number.parseInt(hex, 16);
    const type = types[(mode >> 12).toString(8)] ?? 'unknown';
    const fields = [path, type, (mode & 0o7777).toString(8).padStart(4, '0'), uid, gid];
    const extra = content.get(path);
    if (extra !== undefined) fields.push(extra);
    lines.push(fields.join(' '));
  }
  // The same path comes twice when one root lies within another.
  return [...new Set(lines)].sort();
}
