import { PLAYBOOK, warning } from '../finding.ts';
import type { Rule } from '../subject.ts';

const FIXES: readonly (readonly [program: string, fix: string])[] = [
  ['swapon', 'a .swap line in /etc/fstab, or a oneshot unit'],
  ['sysctl', 'a file in /etc/sysctl.d, which a files task can put there'],
  ['nvpmodel', 'a oneshot unit that is enabled'],
  ['jetson_clocks', 'a oneshot unit that is enabled'],
  ['modprobe', 'a file in /etc/modules-load.d'],
  ['mount', 'a line in /etc/fstab, or a mount unit'],
];

/** transient: commands of a deploy whose effect ends with the next boot. */
export const transient: Rule = ({ commands }) =>
  commands.flatMap((argv) => {
    const line = argv.join(' ');
    const known = FIXES.find(([program]) => new RegExp(String.raw`(^|[\s/;&|(])${program}(\s|$)`).test(line));
    if (known === undefined) return [];
    const [program, fix] = known;
    return [
      warning('transient', PLAYBOOK, {
        message: `a run task calls ${program}`,
        why: 'what it sets is gone after the next boot, and a run task has no root to set it',
        fix: `use ${fix}`,
      }),
    ];
  });
