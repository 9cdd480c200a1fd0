import type { HostOutcome } from '../../model/outcome.ts';
import { command, type Place } from './explanation.ts';

/** Names in a command that somebody is to copy: more are aimed at by the flags of the run. */
const MOST = 3;

/** What may well be typed after this, in a sentence; null where the outcome says it itself, or there is nothing. */
export function nextStep(outcome: HostOutcome, place: Place): string | null {
  const typed = (verb: string) =>
    place.hosts.length > MOST ? `fleet ${verb}, with the same flags,` : `\`${command(verb, place)}\``;
  switch (outcome.end) {
    case 'planned':
      return outcome.pending ? `${typed('deploy')} does this.` : null;
    case 'deployed':
      return `${typed('status')} shows what runs; ${typed('rollback')} goes back.`;
    case 'rolled-back':
      return `${typed('history')} shows the generations; ${typed('deploy')} goes forward again.`;
    default:
      return null;
  }
}
