import type { ProbeReply } from '../host/facts.ts';
import type { ByHand } from '../model/facts.ts';

/** What a person has stopped or disabled and still is so: systemd starts at boot what was stopped. */
export const stillByHand = ({ facts, units }: Pick<ProbeReply, 'facts' | 'units'>): readonly ByHand[] =>
  facts.byHand.filter(({ unit, what }) =>
    what === 'disabled'
      ? facts.drift.some((one) => one.kind === 'disabled' && one.unit === unit)
      : units.some((one) => one.unit === unit && one.active !== 'active'),
  );
