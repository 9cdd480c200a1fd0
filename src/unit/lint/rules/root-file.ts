import { fileIn, READ_BY_ROOT } from '../../settings/opened.ts';
import { settingsOf } from '../../settings/settings.ts';
import { SYSTEM_SPECIFIERS } from '../../syntax/specifiers.ts';
import { type Finding, warning } from '../finding.ts';
import { writerOf } from '../layout-paths.ts';
import type { LintedService, Rule, Subject } from '../subject.ts';

/** root-log, root-read: what systemd opens as root, before the service becomes its user, where that user can turn the name. */
export const rootFile: Rule = (subject) =>
  subject.services.flatMap((service) => [...logs(subject, service), ...inputs(subject, service)]);

function logs(subject: Subject, service: LintedService): readonly Finding[] {
  const streams = [
    { key: 'StandardOutput', output: service.service.standardOutput },
    { key: 'StandardError', output: service.service.standardError },
  ];
  return streams.flatMap(({ key, output }) => {
    const at = service.last(key);
    if (at === undefined || output.to !== 'file') return [];
    const writer = writerOf(output.path, subject, service);
    if (writer === null) return [];
    return [
      warning('root-log', subject.place(at, 'value'), {
        message: `${key}= lets root open ${output.path}, and ${writer}`,
        why: 'the file is opened before the service becomes its user; where its name is turned into a link, root writes the log into any file of the host',
        fix: 'leave the line out, so that it goes to the journal; or have the program itself write its log, below LogsDirectory=',
      }),
    ];
  });
}

function inputs(subject: Subject, service: LintedService): readonly Finding[] {
  const settings = settingsOf(service.unit, SYSTEM_SPECIFIERS);
  const { root, current } = subject.layout;
  return READ_BY_ROOT.flatMap((key) =>
    service.all(key).flatMap((at) => {
      const path = fileIn(settings.resolve(at.value) ?? '');
      // The app's own .env is root's, or kept where only root can write.
      const own = path === null || path === `${root}/.env` || path === `${current}/.env`;
      const writer = own ? null : writerOf(path, subject, service);
      if (writer === null) return [];
      return [
        warning('root-read', subject.place(at, 'value'), {
          message: `${key}= lets root read ${path}, and ${writer}`,
          why: 'the file is read before the service becomes its user; where its name is turned into a link, the service is given what only root may read, such as the secrets of another app',
          fix: "put the file where only root can write, such as /etc (a files task), or into the app's .env",
        }),
      ];
    }),
  );
}
