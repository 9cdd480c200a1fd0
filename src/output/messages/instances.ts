import { list } from '../../util/count.ts';

type Place = { readonly file: string; readonly line: number };
type Edit = { readonly places: readonly Place[] };

const placesOf = (edits: readonly Edit[]) =>
  list(edits.flatMap(({ places }) => places.map(({ file, line }) => `${file}:${line}`)));

/** What is changed in the project's files, a line each. */
export const editedLists = (edits: readonly Edit[], change: 'add' | 'remove', names: readonly string[]): string =>
  edits
    .flatMap(({ places }) => places)
    .map(({ file, line }) => `${file}:${line}: ${change === 'add' ? '+' : '-'} ${names.join(', ')}`)
    .join('\n');

/** That the change stays in the files although not every host has come to it. */
export const listsStand = (edits: readonly Edit[]): string =>
  `${placesOf(edits)} stays changed, since a host is as it says or may be; the same command again does the rest`;

/** That the files are as they were. */
export const listsRestored = (edits: readonly Edit[]): string => `${placesOf(edits)} is as it was: no host was changed`;

/** That the project does not have instances. */
export const noSuchInstance = (unknown: readonly string[], known: readonly string[]): string =>
  `no such instance in the project: ${unknown.join(', ')} (there: ${known.join(', ') || 'none'})\n` +
  `\`fleet instances add ${unknown.join(' ')}\` makes it one`;
