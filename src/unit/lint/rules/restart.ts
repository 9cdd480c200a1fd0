import { hint, warning } from '../finding.ts';
import type { Rule } from '../subject.ts';

/** T31: a start limit that can never be reached, so that a broken service is restarted for ever. */
export const endlessRestart: Rule = ({ services, place }) =>
  services.flatMap(({ service, last, unit }) => {
    const { restart, restartSec, startLimitBurst: burst, startLimitIntervalSec: interval } = service;
    if (restart === 'no' || interval === 0 || burst === 0 || restartSec * burst < interval) return [];
    const at = last('RestartSec') ?? { file: unit.file, line: 0 };
    const enough = Math.max(60, Math.ceil(restartSec * burst * 2));
    return [
      warning('T31', place(at), {
        message: `the start limit of ${burst} starts in ${interval} s is never reached with RestartSec=${restartSec}`,
        why: `${burst} restarts take ${restartSec * burst} s and more, so a service that cannot run is restarted for ever and is never called failed`,
        cure: `in [Unit] set StartLimitIntervalSec=${enough} with StartLimitBurst=${burst}; StartLimitIntervalSec=0 says that it is meant so`,
      }),
    ];
  });

/** T9: a delay of 10 s does not bring a service back within 10 s. */
export const lateRestart: Rule = ({ services, place }) =>
  services.flatMap(({ service, last }) => {
    const at = last('RestartSec');
    if (service.restart === 'no' || service.restartSec !== 10 || at === undefined) return [];
    return [
      hint('T9', place(at, 'value'), {
        message: 'RestartSec=10 is not "back within 10 seconds"',
        why: 'the delay begins when the service has stopped and its start comes on top: 10.04 s were measured',
        cure: 'use 8 or less where ten seconds were promised',
      }),
    ];
  });

/** T26: growing delays need two settings and a new systemd. */
export const backoff: Rule = ({ services, place }) =>
  services.flatMap(({ last }) => {
    const [steps, most] = [last('RestartSteps'), last('RestartMaxDelaySec')];
    const one = steps ?? most;
    if (one === undefined) return [];
    if (steps === undefined || most === undefined)
      return [
        warning('T26', place(one), {
          message: `${one.key}= alone does nothing`,
          why: 'the delay between restarts grows only when both RestartSteps= and RestartMaxDelaySec= are set',
          cure: `add ${steps === undefined ? 'RestartSteps=' : 'RestartMaxDelaySec='}`,
        }),
      ];
    return [
      hint('T26', place(one), {
        message: 'growing restart delays need systemd 254',
        why: 'Ubuntu 20.04 and 22.04 and Debian 11 and 12 have older ones, which ignore both settings; the plan says so for each host',
        cure: 'choose a RestartSec= and a start limit that are right without them',
      }),
    ];
  });
