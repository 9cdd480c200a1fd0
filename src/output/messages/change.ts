import type { PlanView } from '../../model/plan.ts';

type Change = PlanView['changes'][number];

const ORDER: Readonly<Record<Change['sign'], number>> = { '+': 0, '~': 1, '-': 2, '!': 3 };

/** Changes by sign: what comes, changes, goes and is put right; each group in the order of the plan. */
export const inOrder = (changes: PlanView['changes']): PlanView['changes'] =>
  [...changes].sort((a, b) => ORDER[a.sign] - ORDER[b.sign]);

/** A change in words for whoever wrote the playbook. The names of parts are the engine's; other texts stay as they are. */
export function changed({ sign, text }: Change, { runtime }: Pick<PlanView, 'runtime'>): string {
  if (sign === '!') return text;
  switch (text) {
    case 'code .':
      return 'code';
    case '.env':
      return 'secrets (.env)';
    case 'enabled units':
      return 'which units run and start at boot';
    case 'layout':
      return "the app's root folder, account and data folders";
    case 'runtime':
      return sign === '-' ? 'what runs the services' : `what runs the services: ${runtime}`;
    default:
      return named(text);
  }
}

function named(text: string): string {
  if (text.startsWith('code ')) return `code in ${text.slice(5)}`;
  if (text.startsWith('before start ')) return `command before the start: ${text.slice(13)}`;
  if (text.startsWith('run ')) return `command while building the release: ${text.slice(4)}`;
  return text;
}
