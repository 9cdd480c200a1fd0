// What a program imports. Everything else may change at any time.

export type { FleetEvent, Summary } from '../model/events.ts';
export type { LogLine, LogNews } from '../model/log-line.ts';
export type { Channel } from '../model/notice.ts';
export type { Failure, HostOutcome, Result } from '../model/outcome.ts';
export type { Question } from '../model/question.ts';
export type { HostReport } from '../model/report.ts';
export { Secret } from '../model/secret.ts';
export type { Trail } from '../monitor/orders.ts';
export type { Pause } from '../monitor/state.ts';
export type { Checked } from './commands/check.ts';
export type { Env, EnvChange, EnvFile, EnvOptions } from './commands/env.ts';
export type { InstanceOptions, NamedInstances } from './commands/instances.ts';
export type { LogEntry, LogOptions } from './commands/logs.ts';
export type { MonitorOptions } from './commands/monitor.ts';
export type { Acknowledged, PauseOrder } from './commands/orders.ts';
export type { RollbackOptions } from './commands/rollback.ts';
export type { RunOptions } from './commands/run.ts';
export type { ServeOptions } from './commands/serve.ts';
export type { UnitStatus } from './commands/status.ts';
export type { Seen } from './commands/watch.ts';
export { type Fleet, type Instances, openFleet } from './fleet.ts';
export type { OpenOptions } from './open.ts';
export type { About, Event, Options, Where } from './options.ts';
export { Refusal } from './refusal.ts';
export type { Run } from './run.ts';
export type { Stream } from './stream.ts';
