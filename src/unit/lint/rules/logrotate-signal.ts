import { unitName } from '../../syntax/name.ts';
import { warning } from '../finding.ts';
import { rotationsOf } from '../rotation.ts';
import type { Rule, Subject } from '../subject.ts';

const HUP = /\b(kill|pkill|killall)\b.*(?:-s\s*|--signal[= ]|-)(?:SIG)?HUP\b|\bkill\s+-1\b/;

/** logrotate-signal, no-reload: what a rotation tells the service, which may end it. */
export const logrotateSignal: Rule = (subject) =>
  subject.logrotate.flatMap((source) =>
    rotationsOf(source).rotations.flatMap(({ scripts }) =>
      scripts.flatMap((line) => {
        const service = serviceIn(line.text, subject);
        if (service === undefined) return [];
        const reloads = service.service.execReload.length > 0 || service.service.type === 'notify-reload';
        if (reloads) return [];
        if (HUP.test(line.text))
          return [
            warning('logrotate-signal', line, {
              message: `HUP is sent to ${service.name}, which has no ExecReload=`,
              why: 'a program that does not handle HUP is ended by it, and as that is a clean end Restart=on-failure does not bring it back: one stop per rotation',
              fix: 'use copytruncate in place of the script; or, where the program does open its log anew on HUP, say so with ExecReload=/bin/kill -HUP $MAINPID',
            }),
          ];
        if (!/\bsystemctl\b.*\breload\b/.test(line.text)) return [];
        return [
          warning('no-reload', line, {
            message: `${service.name} is asked to reload and has no ExecReload=`,
            why: 'systemctl ends with status 3 ("job type reload is not applicable"), and the program goes on writing to the old file',
            fix: 'add ExecReload= to the unit, or use copytruncate in place of the script',
          }),
        ];
      }),
    ),
  );

/** The service of the set that a line names, with or without its suffix. */
const serviceIn = (text: string, { services }: Subject) =>
  services.find(({ name }) =>
    text.split(/[\s"';|&]+/).some((word) => /^[\w:.\\@-]+$/.test(word) && unitName(word) === name),
  );
