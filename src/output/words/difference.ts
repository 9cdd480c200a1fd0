import type { Difference } from '../../model/outcome.ts';
import type { Explanation } from './explanation.ts';

/** Settings that did not take effect as the units say. */
export const explainDifferences = (differences: readonly Difference[]): Explanation => ({
  what: 'the units run with other settings than their files say',
  evidence: differences.map(({ unit, property, meant, got }) =>
    meant === '' && got === ''
      ? `${unit}: ${property} differs`
      : `${unit}: ${property} is ${got || 'empty'}, not ${meant}`,
  ),
  next: [
    'Something on the host overrides them: look at `systemctl cat UNIT` there for drop-ins that are not from fleet, ' +
      '`systemctl revert UNIT` removes them; or put the value that is right into the unit.',
  ],
});
