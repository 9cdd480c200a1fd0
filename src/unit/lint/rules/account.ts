import { warning } from '../finding.ts';
import type { Rule } from '../subject.ts';

/** The account of a service against the playbook's, which owns data and `.env`. */
export const account: Rule = ({ services, layout, place }) =>
  services.flatMap(({ service, last, unit, isOn }) => {
    const { user } = layout;
    if (user === null || service.user === user || isOn('DynamicUser')) return [];
    const at = last('User') ?? { file: unit.file, line: 0 };
    // Helpers that run once may well need root.
    if (service.user === '' && service.type === 'oneshot') return [];
    return [
      warning('account', place(at, 'value'), {
        message:
          service.user === ''
            ? `${service.name} has no User= and runs as root`
            : `${service.name} runs as ${service.user}, not as ${user}`,
        why: `the data folders and the .env belong to ${user}, the user: of the playbook${service.user === '' ? '; what root writes there the app cannot change later' : ''}`,
        cure: `set User=${user}`,
      }),
    ];
  });
