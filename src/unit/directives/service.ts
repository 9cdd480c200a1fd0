import { KILL_MODES, RESTARTS, SERVICE_TYPES } from '../settings/service.ts';
import type { Section } from './directive.ts';
import { bool, command, free, oneOf, yesOr } from './kinds/kind.ts';
import * as list from './kinds/list.ts';
import * as name from './kinds/name.ts';
import * as number from './kinds/number.ts';

/** systemd.service(5), and the start limit by its old names. */
export const SERVICE = {
  BusName: { value: name.busName },
  BusPolicy: { value: free, removed: true },
  ExecCondition: { value: command, since: 243 },
  ExecReload: { value: command, nohup: true },
  ExecStart: { value: command, nohup: true },
  ExecStartPost: { value: command },
  ExecStartPre: { value: command, nohup: true },
  ExecStop: { value: command, nohup: true },
  ExecStopPost: { value: command },
  ExitType: { value: oneOf('main cgroup'), since: 250 },
  FailureAction: { value: list.actions },
  FileDescriptorStoreMax: { value: number.count },
  FileDescriptorStorePreserve: { value: yesOr('restart'), since: 254 },
  GuessMainPID: { value: bool, nohup: true },
  NonBlocking: { value: bool },
  NotifyAccess: { value: oneOf('none main exec all'), nohup: true },
  OOMPolicy: { value: oneOf('continue stop kill'), since: 243 },
  OpenFile: { value: list.openFile, since: 253 },
  PIDFile: { value: name.pidFile },
  PermissionsStartOnly: { value: bool },
  RebootArgument: { value: free },
  RefreshOnReload: { value: bool },
  ReloadSignal: { value: list.signal, since: 253 },
  RemainAfterExit: { value: bool, shown: 'yesNo', nohup: true },
  Restart: { value: oneOf(RESTARTS.join(' ')), shown: 'asIs', nohup: true },
  RestartForceExitStatus: { value: list.endings },
  RestartMaxDelaySec: { value: number.duration, since: 254 },
  RestartMode: { value: oneOf('normal direct debug'), since: 254 },
  RestartPreventExitStatus: { value: list.endings, nohup: true },
  RestartSec: { value: number.duration, shown: 'time', nohup: true },
  RestartSteps: { value: number.count, since: 254 },
  RootDirectoryStartOnly: { value: bool },
  RuntimeMaxSec: { value: number.duration, shown: 'time' },
  RuntimeRandomizedExtraSec: { value: number.duration, since: 250 },
  Sockets: { value: name.sockets },
  StartLimitAction: { value: list.actions },
  StartLimitBurst: { value: number.count, shown: 'merged', nohup: true },
  StartLimitInterval: { value: number.duration, shown: 'merged', nohup: true },
  SuccessExitStatus: { value: list.endings, nohup: true },
  SysVStartPriority: { value: free, removed: true },
  TimeoutAbortSec: { value: number.duration, since: 243 },
  TimeoutStartFailureMode: { value: oneOf('terminate abort kill') },
  TimeoutStartSec: { value: number.duration, shown: 'timeout' },
  TimeoutStopFailureMode: { value: oneOf('terminate abort kill') },
  TimeoutStopSec: { value: number.duration, shown: 'timeout', nohup: true },
  Type: {
    value: oneOf(SERVICE_TYPES.join(' ')),
    newer: { exec: 240, 'notify-reload': 253 },
    shown: 'asIs',
    nohup: true,
  },
  USBFunctionDescriptors: { value: name.loosePath },
  USBFunctionStrings: { value: name.loosePath },
  WatchdogSec: { value: number.duration, shown: 'time' },
} satisfies Section;

/** systemd.kill(5): of everything that has processes. */
export const KILL = {
  FinalKillSignal: { value: list.signal },
  KillMode: { value: oneOf(KILL_MODES.join(' ')), shown: 'asIs', nohup: true },
  KillSignal: { value: list.signal, shown: 'signal', nohup: true },
  RestartKillSignal: { value: list.signal, since: 244 },
  SendSIGHUP: { value: bool },
  SendSIGKILL: { value: bool },
  WatchdogSignal: { value: list.signal },
} satisfies Section;
