import { error } from '../finding.ts';
import { rotationsOf } from '../rotation.ts';
import type { Rule } from '../subject.ts';

/** What logrotate 3.11 to 3.22 read. */
const KNOWN = (
  'addextension allowhardlink compress compresscmd compressext compressoptions copy copytruncate create createolddir ' +
  'daily dateext dateformat datehourago dateyesterday delaycompress extension hourly ifempty ignoreduplicates include ' +
  'lastaction mail mailfirst maillast maxage maxsize minage minsize missingok monthly noallowhardlink nocompress ' +
  'nocopy nocopytruncate nocreate nocreateolddir nodateext nodelaycompress noignoreduplicates nomail nomissingok ' +
  'noolddir norenamecopy nosharedscripts noshred notifempty olddir renamecopy rotate sharedscripts shred shredcycles ' +
  'size start su tabooext taboopat uncompresscmd weekly yearly'
).split(' ');

/** The directives and brackets of logrotate files. */
export const logrotateSyntax: Rule = ({ logrotate }) =>
  logrotate.flatMap((source) =>
    rotationsOf(source).flatMap(({ directives, open, at, paths }) => [
      ...directives.flatMap((line) => {
        const [word = ''] = line.words[0]?.split('=') ?? [];
        if (!KNOWN.includes(word))
          return [
            {
              ...error('logrotate', line, {
                message: `unknown logrotate directive ${word}`,
                why: 'logrotate reports an error and skips the whole block, so that its logs are never rotated',
                cure: 'correct the word',
              }),
              unknown: { word, known: KNOWN },
            },
          ];
        if (!line.words.slice(1).some((one) => one.startsWith('#'))) return [];
        return [
          error('logrotate', line, {
            message: `a comment behind ${word}`,
            why: 'logrotate takes it for a part of the value and skips the whole block',
            cure: 'put the comment on a line of its own',
          }),
        ];
      }),
      ...(open === null
        ? []
        : [
            error('logrotate', at, {
              message: `the block of ${paths.join(' ') || 'the file'} has no ${open}`,
              why: 'logrotate reports an error and rotates nothing of this file',
              cure: `add ${open}`,
            }),
          ]),
      ...paths
        .filter((path) => !path.startsWith('/'))
        .map((path) =>
          error('logrotate', at, {
            message: `${path} is not an absolute path`,
            why: 'logrotate runs from cron in a folder of its own',
            cure: 'write the whole path',
          }),
        ),
    ]),
  );
