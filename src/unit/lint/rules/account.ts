import { isStrictAccount } from '../../settings/account.ts';
import { hint, warning } from '../finding.ts';
import type { Rule } from '../subject.ts';

/** The account of a service against the playbook's, which owns data and `.env`. */
export const account: Rule = (subject) => [...another(subject), ...odd(subject)];

/** A name that systemd takes, with a word of doubt. */
const odd: Rule = ({ services, place }) =>
  services.flatMap(({ service, last }) => {
    const at = last('User');
    if (at === undefined || service.user === '' || isStrictAccount(service.user)) return [];
    const slip = /[^\w.@\\$+-]/.test(service.user);
    return [
      (slip ? warning : hint)('account', place(at, 'value'), {
        message: `User=${service.user} is no name that every tool takes`,
        why: 'systemd takes it, logs that it does not follow its rules for names, and fails at the start where there is no such account',
        fix: 'use letters, digits, "_" and "-" where the account is yours to name',
      }),
    ];
  });

const another: Rule = ({ services, layout, place }) =>
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
        fix: `set User=${user}`,
      }),
    ];
  });
