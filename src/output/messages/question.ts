import type { Question } from '../../model/question.ts';
import { list } from '../../util/count.ts';
import { clean, cleanAll } from '../../util/sanitize.ts';
import { fixWords } from './doctor/finding.ts';

const WORK: Readonly<Record<string, string>> = {
  deploy: 'Deploy to',
  rollback: 'Roll back',
  run: 'Run it on',
  instances: 'Change the instances of',
  doctor: 'Put right what is safe on',
  lock: 'Hold or release',
};

/** What a question is about, in words; what a host has said in it forges no line. */
export function matter(foreign: Question): string {
  const question = cleanAll(foreign);
  switch (question.ask) {
    case 'all-hosts':
      return `no host was named, so ${question.command} would change all of them: ${question.hosts.join(', ')}`;
    case 'stop':
      return `${question.verb} ${list(question.units, 8)} on ${question.hosts.length} hosts (${list(question.hosts, 8)})?`;
    case 'delete': {
      const of = ({ host, app, deletes }: (typeof question.apps)[number]) =>
        `${app} on ${host}:\n${deletes.map((what) => `  - ${what}`).join('\n') || '  - its code and units'}`;
      const kept = '(--keep-data keeps data, .env and account)';
      return `this rollback removes the app and DELETES for good:\n${question.apps.map(of).join('\n')}\n${kept}`;
    }
    case 'mend': {
      const of = ({ host, app, fixes }: (typeof question.apps)[number]) =>
        `${app} on ${host}:\n${fixes.map((one) => `  - ${clean(fixWords(one))}`).join('\n')}`;
      return `this would be put right:\n${question.apps.map(of).join('\n')}`;
    }
  }
}

/** What is asked on a terminal. */
export function asked(question: Question): string {
  if (question.ask === 'all-hosts')
    return `No host was named. ${WORK[question.command] ?? `${capital(question.command)} them on`} ALL hosts (${question.hosts.join(', ')})?`;
  return question.ask === 'mend' ? `${matter(question)}\nDo it?` : matter(question);
}

const capital = (word: string) => `${word[0]?.toUpperCase()}${word.slice(1)}`;

/** That nobody agreed. */
export const notAgreed = (question: Question): string =>
  question.ask === 'all-hosts' ? matter(question) : `${matter(question)}\nnot confirmed, so nothing was changed`;
