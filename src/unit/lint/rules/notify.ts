import type { Command } from '../../syntax/command-line.ts';
import { commandWords, programOf } from '../command-words.ts';
import { warning } from '../finding.ts';
import type { Rule } from '../subject.ts';

const SHELLS = new Set(['sh', 'bash', 'dash', 'ash', 'ksh', 'zsh']);
/** Servers that never send READY=1 by themselves. */
const SILENT = /(^|\/)(uvicorn|flask|http\.server|daphne|waitress-serve|streamlit)$/;

/** notify: Type=notify waits for READY=1, and the watchdog for WATCHDOG=1, from a process that may say so. */
export const notify: Rule = ({ services, place }) =>
  services.flatMap(({ service, last }) => {
    const at = last('Type');
    const command = service.execStart[0];
    if (at === undefined || command === undefined || !service.type.startsWith('notify')) return [];
    const why = `without READY=1 the start fails after ${service.timeoutStartSec} s with Result=timeout`;
    const silent = commandWords(command).find((word) => SILENT.test(word));
    if (silent !== undefined)
      return [
        warning('notify', place(at), {
          message: `Type=${service.type}, but ${silent} does not send READY=1`,
          why,
          fix: 'use Type=exec, or send READY=1 from the app when it is up',
        }),
      ];
    const access = last('NotifyAccess')?.value ?? 'main';
    if (access === 'all' || !SHELLS.has(programOf(command)) || becomes(command)) return [];
    return [
      warning('notify', place(last('NotifyAccess') ?? at), {
        message: `Type=${service.type} with a shell as the main process and NotifyAccess=${access}`,
        why: `only the shell itself may then report that it is ready; a message from what it starts is dropped, and ${why}`,
        fix: 'begin the last command of the script with exec, or set NotifyAccess=all',
      }),
    ];
  });

/** Whether the shell of a `-c` ends by turning into the program, which then is the main process. */
function becomes(command: Command): boolean {
  const words = commandWords(command);
  const at = words.findIndex((word, i) => i > 0 && /^-\w*c\w*$/.test(word));
  const script = at === -1 ? '' : (words[at + 1] ?? '');
  const last = script
    .trim()
    .split(/;|&&|\|\||\n/)
    .at(-1);
  return /^\s*(\w+=\S*\s+)*exec\s/.test(last ?? '');
}
