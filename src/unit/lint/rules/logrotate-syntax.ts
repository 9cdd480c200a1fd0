import { wholeNumber } from '../../values/number.ts';
import { error, type Finding, warning } from '../finding.ts';
import { type Directive, rotationsOf, type Slip } from '../rotation.ts';
import type { Rule } from '../subject.ts';

/** What logrotate 3.11 to 3.22 read. */
const KNOWN = (
  'addextension allowhardlink compress compresscmd compressext compressoptions copy copytruncate create createolddir ' +
  'daily dateext dateformat datehourago dateyesterday delaycompress errors extension firstaction hourly ifempty ' +
  'ignoreduplicates include lastaction mail mailfirst maillast maxage maxsize minage minsize missingok monthly ' +
  'noallowhardlink nocompress nocopy nocopytruncate nocreate nocreateolddir nodateext nodelaycompress ' +
  'noignoreduplicates nomail nomissingok noolddir norenamecopy nosharedscripts noshred notifempty olddir postrotate ' +
  'preremove prerotate renamecopy rotate sharedscripts shred shredcycles size start su tabooext taboopat ' +
  'uncompresscmd weekly yearly'
).split(' ');

const LOSES: Readonly<Record<Slip['loses'], string>> = {
  block: 'logrotate reports an error and leaves out the whole block, so that its logs are never rotated and grow',
  line: 'logrotate reports an error and leaves out the rest of the line',
  nothing: 'logrotate takes it as it is, up to the end of the file',
};
const FIXES: Readonly<Record<Slip['loses'], string>> = {
  block: 'correct the line',
  line: 'put it on a line of its own, or take it out',
  nothing: 'add "}"',
};

/** The words, values and brackets of logrotate files. */
export const logrotateSyntax: Rule = ({ logrotate }) =>
  logrotate.flatMap((source) => {
    const { rotations, slips } = rotationsOf(source);
    return [
      ...slips.map(said),
      ...rotations.flatMap(({ paths, directives, at }) => [
        ...directives.flatMap((directive) => wrong(directive, paths.length > 0).map(said)),
        ...paths
          .filter((path) => !/^[/~]/.test(path))
          .map((path) =>
            warning('logrotate', at, {
              message: `${path} is not an absolute path`,
              why: 'logrotate runs from cron in a folder of its own',
              fix: 'write the whole path',
            }),
          ),
      ]),
    ];
  });

function said(slip: Slip): Finding {
  const { message, loses, word } = slip;
  const finding = (loses === 'nothing' ? warning : error)('logrotate', slip, {
    message,
    why: LOSES[loses],
    fix: FIXES[loses],
  });
  return word === null ? finding : { ...finding, unknown: { word, known: KNOWN } };
}

function wrong(directive: Directive, inBlock: boolean): readonly Slip[] {
  const { keyword, value, file, line, column } = directive;
  const slip = (message: string, loses: Slip['loses'] = 'block', word: string | null = null): readonly Slip[] => [
    { file, line, column, message, loses, word },
  ];
  if (!KNOWN.includes(keyword)) return slip(`unknown logrotate directive ${keyword}`, 'line', keyword);
  // The reader has said so.
  if (inBlock && value?.endsWith('}')) return [];
  const values = value === null ? [] : directive.words.slice(1);
  if (values.some((word) => word.startsWith('#')))
    return slip(`a comment behind ${keyword}, which is taken for its value`);
  if (/^taboo/.test(keyword) && inBlock) return slip(`${keyword} stands before all blocks only`);
  if (value === '' && !/^(create|createolddir|weekly|su)$/.test(keyword)) return slip(`${keyword} without a value`);
  const expected = value === null ? null : expects(keyword, value, values);
  return expected === null ? [] : slip(`${keyword} ${value} is not ${expected}`);
}

const atLeast = (text: string, low: number) => (wholeNumber(text) ?? Number.NEGATIVE_INFINITY) >= low;

/** What a keyword wants, when its value is something else. */
function expects(keyword: string, value: string, words: readonly string[]): string | null {
  switch (keyword) {
    case 'rotate':
      return atLeast(value, -1) ? null : 'a whole number, or -1 for all';
    case 'start':
    case 'shredcycles':
      return atLeast(value, 0) ? null : 'a whole number';
    case 'maxage':
    case 'minage':
      return /^\d+$/.test(value) ? null : 'a number of days';
    case 'size':
    case 'minsize':
    case 'maxsize':
      return /^\d+[kKMG]?$/.test(value) ? null : 'a size such as 500k, 100M or 1G';
    case 'weekly':
      return /^[0-7]?$/.test(value) ? null : 'a day from 0 to 7; another keyword goes on a line of its own';
    case 'create':
    case 'createolddir':
      return isMode(words[0]) ? most(words, 3) : most(words, 2);
    case 'su':
      return words.length === 2 ? null : 'an account and a group';
    case 'olddir':
    case 'mail':
      return most(words, 1);
    default:
      return null;
  }
}

const isMode = (word: string | undefined) => /^[0-7]{3,4}$/.test(word ?? '');
const most = (words: readonly string[], count: number) =>
  words.length <= count ? null : `at most ${count} ${count === 1 ? 'word' : 'words'}`;
