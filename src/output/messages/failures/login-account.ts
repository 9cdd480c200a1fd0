import type { PlanView } from '../../../model/plan.ts';
import type { LoginChange } from '../../../model/service-account.ts';
import type { Explanation } from '../explanation.ts';

const WHOSE = { fleet: "the account of fleet's own login", keys: 'an account that somebody with a key logs in with' };

/** An account that is somebody's way into the host, and would have been changed. */
export const explainLoginChange = ({ account, whose, changes }: LoginChange): Explanation => ({
  what: `${account} is ${WHOSE[whose]}, and the playbook gives it another ${changes.map(({ what }) => what).join(' and ')}, which may lock it out`,
  evidence: changes.map(({ what, from, to }) => `${what}: ${from === '' ? 'none' : from} now, ${to} wanted`),
  fix: [
    `Take ${changes.map(({ what }) => `\`${what}:\``).join(' and ')} out of the user task, which leaves them as they are, or give the app an account of its own.`,
    'Where it is meant, say so in the user task: `changeLogin: true`. Keys are looked for in the new home then: put them there first.',
  ],
});

/** What a plan is to be warned of, a line each. */
export const warningsOf = ({ logins, warnings }: PlanView): readonly string[] => [
  ...logins.map(
    ({ account, whose, changes }) =>
      `${account} is ${WHOSE[whose]}, and gets another ${changes.map(({ what }) => what).join(' and ')}: keys are looked ` +
      'for in the new home, and who has no shell cannot log in',
  ),
  ...warnings,
];
