import type { ReadbackMismatch } from '../../model/outcome.ts';
import type { Explanation } from './explanation.ts';

/** Settings that did not take effect as the units say. */
export const explainReadback = (differences: readonly ReadbackMismatch[]): Explanation => ({
  what: differences.every(isExposure)
    ? 'the units are open to more than the playbook allows'
    : 'the units run with other settings than their files say',
  evidence: differences.map(mismatch),
  fix: [
    ...(differences.every(isExposure)
      ? []
      : [
          'Something on the host overrides them: look at `systemctl cat UNIT` there for drop-ins that are not from ' +
            'fleet, remove them and run `systemctl daemon-reload`; or put the value that is right into the unit.',
        ]),
    ...(differences.some(isExposure)
      ? [
          '`systemd-analyze security UNIT` on a host where it runs lists what is open, dearest first: close some of it in ' +
            'the unit, or raise maxExposure in the playbook.',
        ]
      : []),
  ],
});

/** What the host program calls the score of `systemd-analyze security`. */
const isExposure = ({ property }: ReadbackMismatch) => property === 'Exposure';

function mismatch(difference: ReadbackMismatch): string {
  const { unit, property, meant, got } = difference;
  if (isExposure(difference)) return `${unit}: its exposure is ${got}, more than the ${meant} that maxExposure allows`;
  // What stands for all those that were not kept.
  if (property === '') return unit;
  if (meant === '' && got === '') return `${unit}: ${property} differs`;
  return `${unit}: ${property} is ${got || 'empty'}, not ${meant}`;
}
