import type { Service } from '../../unit/settings/service.ts';
import { exitStatusName } from '../../unit/values/exit-status.ts';
import { SIGNALS } from '../../unit/values/signal.ts';
import { type Explanation, ofSetup } from './setup-causes.ts';

export type { Explanation } from './setup-causes.ts';

const because = (cause: string, fix: string): Explanation => ({ cause, fix });

const READ_LOG = "Read the service's last log lines: the program says there why it stopped.";

/** Statuses that the program itself, or a shell in front of it, ended with. */
function ofProgram(status: number): Explanation {
  switch (status) {
    case 0:
      return because(
        'The program ended by itself, without an error.',
        'A service must stay in the foreground: remove the option that makes it a daemon, or use Type=oneshot.',
      );
    case 1:
      return because('The program stopped with an error of its own (exit status 1).', READ_LOG);
    case 2:
      return because(
        'The program stopped with exit status 2, by custom a mistake on its command line.',
        'Compare the arguments in ExecStart= with what the program takes.',
      );
    case 126:
      return because(
        'A command was found but could not be executed (exit status 126).',
        'Check its execute permission, and that it was built for this kind of processor.',
      );
    case 127:
      return because(
        'A command, or the interpreter in the first line of a script, was not found (exit status 127).',
        'Check that the path exists on the host and that the package which brings it is in the playbook.',
      );
    case 255:
      return because('The program stopped with an unspecific error (exit status 255).', READ_LOG);
    default: {
      const name = exitStatusName(status);
      const signal = SIGNALS[status - 129];
      if (status > 128 && status < 160 && signal)
        return because(`A command inside the service was ended by SIG${signal} (exit status ${status}).`, READ_LOG);
      return because(`The program stopped with exit status ${status}${name ? ` (${name})` : ''}.`, READ_LOG);
    }
  }
}

function ofSignal(status: number): Explanation {
  const name = SIGNALS[status - 1] ?? String(status);
  switch (name) {
    case 'KILL':
      return because(
        'The process was killed with SIGKILL: by the kernel for want of memory, by a person, or as it would not stop.',
        'Look for "Out of memory" in `dmesg`; raise MemoryMax= or TimeoutStopSec= where that is the cause.',
      );
    case 'ABRT':
      return because(
        'The program aborted itself (SIGABRT), or the watchdog ended it.',
        'Read its last log lines; where it missed the watchdog, see that it sends WATCHDOG=1 in time.',
      );
    case 'SEGV':
    case 'BUS':
    case 'FPE':
      return because(`The program crashed (SIG${name}).`, 'It is a bug in the program or in a library built for it.');
    case 'ILL':
    case 'TRAP':
      return because(
        `The program met an instruction that it may not run here (SIG${name}).`,
        'Check that it was built for this processor; with Node, remove MemoryDenyWriteExecute=.',
      );
    case 'SYS':
      return because(
        'A system call that SystemCallFilter= forbids was made (SIGSYS).',
        'Allow the call group in SystemCallFilter=, or set SystemCallErrorNumber=EPERM so that it fails softly.',
      );
    case 'HUP':
      return because(
        'The process was ended by SIGHUP, which it does not handle.',
        'Let no log rotation or ExecReload= send HUP to it; use copytruncate.',
      );
    default:
      return because(
        `The process was ended by SIG${name} from outside.`,
        'Find out who sent the signal, then restart.',
      );
  }
}

function ofTimeout(unit: Service | null): Explanation {
  if (unit?.type.startsWith('notify'))
    return because(
      `The service did not report READY=1 within ${unit.timeoutStartSec} s (Type=${unit.type}).`,
      'Send READY=1 when the program is up; for a wrapper script set NotifyAccess=all; or use Type=exec.',
    );
  return because(
    'The service took longer to start or to stop than its unit allows.',
    'Find what it waits for in its log, or raise TimeoutStartSec= or TimeoutStopSec=.',
  );
}

/**
 * Explains how a service ended.
 * @param result systemd's `Result` property, or the same word from the nohup runtime
 * @param status exit status, or signal number where the result is a signal
 */
export function explain(result: string, status: number, unit: Service | null = null): Explanation {
  switch (result) {
    case 'resources':
      return because(
        unit?.environmentFiles.length
          ? `An EnvironmentFile= is missing or unreadable (${unit.environmentFiles.map((it) => it.path).join(', ')}).`
          : 'The host lacked something that the service needs before its program can start.',
        'See that the file exists with mode 0600; put "-" before its path in the unit if it is optional.',
      );
    case 'timeout':
      return ofTimeout(unit);
    case 'watchdog':
      return because(
        'The service sent no WATCHDOG=1 for longer than WatchdogSec= and was ended as hung.',
        'Find what it hung on in its log; raise WatchdogSec= if a step may rightly take that long.',
      );
    case 'start-limit-hit':
      return because(
        'The service was started too often in too short a time, so it is not started any more.',
        'Fix what makes it stop (see the starts before); the next deploy lifts the limit.',
      );
    case 'oom-kill':
      return because(
        'The kernel killed the service for want of memory.',
        'Raise MemoryMax=, let the program use less, or give the host more memory.',
      );
    case 'start-step':
      return because(
        `A command of ExecStartPre= or ExecStartPost= failed (exit status ${status}), so the service was not started.`,
        'Read the last log lines: that command says there what it lacks.',
      );
    case 'protocol':
      return because(
        'The service did not behave as its Type= promises: it ended before it was ready, or wrote no PID file.',
        'Use Type=exec for a program that stays in the foreground, Type=notify only for one that sends READY=1.',
      );
    case 'exec-condition':
    case 'condition':
      return because('A condition of the unit is not met, so it was skipped.', 'See ExecCondition= and Condition…=.');
    case 'signal':
    case 'core-dump':
      return ofSignal(status);
    default:
      return ofSetup(status, unit) ?? ofProgram(status);
  }
}
