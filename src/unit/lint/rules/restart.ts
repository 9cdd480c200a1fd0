import { triggersOf } from '../../graph/trigger.ts';
import { unitType } from '../../syntax/name.ts';
import { allowedIn } from '../allowed.ts';
import { hint, warning } from '../finding.ts';
import type { LintedService, Rule } from '../subject.ts';

/** endless-restart: a start limit that can never be reached, so that a broken service is restarted for ever. Said once for all. */
export const endlessRestart: Rule = ({ services, units, place }) => {
  const meant = new Set(units.flatMap(({ path, text }) => (allowedIn(text).has('endless-restart') ? [path] : [])));
  const endless = services.filter((one) => neverReached(one) && !meant.has(one.unit.file));
  const [first] = endless;
  if (first === undefined) return [];
  const { restartSec, startLimitBurst: burst, startLimitIntervalSec: interval } = first.service;
  const enough = Math.max(60, Math.ceil(restartSec * burst * 2));
  const names = endless.map(({ name }) => name);
  const of = names.length === 1 ? '' : ` of ${names.join(', ')}`;
  return [
    hint('endless-restart', place(first.last('RestartSec') ?? { file: first.unit.file, line: 0 }), {
      message: `the start limit${of} (${burst} starts in ${interval} s) is never reached with RestartSec=${restartSec}`,
      why: `${burst} restarts take ${restartSec * burst} s and more, so a service that cannot run is restarted for ever and is never called failed`,
      fix: `in [Unit] set StartLimitIntervalSec=${enough} with StartLimitBurst=${burst}; StartLimitIntervalSec=0 says that it is meant so`,
    }),
  ];
};

/** socket-start-limit: a version that does not start uses the limit up, and systemd ends the socket with it. */
export const socketStartLimit: Rule = ({ services, units, enable, place }) => {
  const sockets = enable.filter((name) => unitType(name) === 'socket');
  return triggersOf(units, sockets).flatMap(({ trigger, unit }) => {
    const one = services.find(({ name }) => name === unit);
    if (one === undefined || neverReached(one)) return [];
    const { startLimitBurst: burst, startLimitIntervalSec: interval } = one.service;
    if (interval === 0 || burst === 0) return [];
    return [
      hint('socket-start-limit', place({ file: one.unit.file, line: 0 }), {
        message: `${trigger} is closed once ${unit} was started ${burst} times in ${interval} s`,
        why: 'each connection that waits starts a version that cannot run, and when its start limit is reached systemd fails the socket too: connections are refused, and no longer wait, until the deploy has gone back',
        fix: `in ${unit} set StartLimitIntervalSec=0 in [Unit] and RestartSec=1 in [Service]`,
      }),
    ];
  });
};

function neverReached({ service }: LintedService): boolean {
  const { restart, restartSec, startLimitBurst: burst, startLimitIntervalSec: interval } = service;
  return restart !== 'no' && interval !== 0 && burst !== 0 && restartSec * burst >= interval;
}

/** restart-delay: a delay of 10 s does not bring a service back within 10 s. */
export const lateRestart: Rule = ({ services, place }) =>
  services.flatMap(({ service, last }) => {
    const at = last('RestartSec');
    if (service.restart === 'no' || service.restartSec !== 10 || at === undefined) return [];
    return [
      hint('restart-delay', place(at, 'value'), {
        message: 'RestartSec=10 is not "back within 10 seconds"',
        why: 'the delay begins when the service has stopped and its start comes on top: 10.04 s were measured',
        fix: 'use 8 or less where ten seconds were promised',
      }),
    ];
  });

/** restart-backoff: growing delays need two settings and a new systemd. */
export const backoff: Rule = ({ services, place }) =>
  services.flatMap(({ last }) => {
    const [steps, most] = [last('RestartSteps'), last('RestartMaxDelaySec')];
    const one = steps ?? most;
    if (one === undefined) return [];
    if (steps === undefined || most === undefined)
      return [
        warning('restart-backoff', place(one), {
          message: `${one.key}= alone does nothing`,
          why: 'the delay between restarts grows only when both RestartSteps= and RestartMaxDelaySec= are set',
          fix: `add ${steps === undefined ? 'RestartSteps=' : 'RestartMaxDelaySec='}`,
        }),
      ];
    return [
      hint('restart-backoff', place(one), {
        message: 'growing restart delays need systemd 254',
        why: 'Ubuntu 20.04 and 22.04 and Debian 11 and 12 have older ones, which ignore both settings; the plan says so for each host',
        fix: 'choose a RestartSec= and a start limit that are right without them',
      }),
    ];
  });
