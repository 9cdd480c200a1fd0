import { unitName } from '../../syntax/name.ts';
import { commandWords } from '../command-words.ts';
import { warning } from '../finding.ts';
import type { Rule } from '../subject.ts';

/** no-reload: a unit that reloads another which cannot. */
export const reload: Rule = ({ services, place }) =>
  services.flatMap(({ service, all, unit }) =>
    [...service.execStart, ...service.execStartPost].flatMap((command) => {
      const words = commandWords(command).flatMap((word) => word.split(/\s+/));
      if (!words.some((word) => /(^|\/)systemctl$/.test(word)) || !words.includes('reload')) return [];
      const target = services.find(
        ({ name, service: other }) =>
          words.some((word) => unitName(word) === name) &&
          other.execReload.length === 0 &&
          other.type !== 'notify-reload',
      );
      if (target === undefined) return [];
      return [
        warning('no-reload', place(all('ExecStart').at(-1) ?? { file: unit.file, line: 0 }, 'value'), {
          message: `${target.name} is asked to reload and has no ExecReload=`,
          why: 'systemctl ends with status 3 ("job type reload is not applicable")',
          fix: 'add ExecReload=, Type=notify-reload, or restart it',
        }),
      ];
    }),
  );
