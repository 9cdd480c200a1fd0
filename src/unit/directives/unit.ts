import type { Section } from './directive.ts';
import { bool, free, oneOf, raw } from './kinds/kind.ts';
import * as list from './kinds/list.ts';
import * as name from './kinds/name.ts';
import * as number from './kinds/number.ts';

const jobs = oneOf(
  'fail replace replace-irreversibly isolate flush ignore-dependencies ignore-requirements triggering ' +
    'restart-dependencies',
);

/** For each a condition and the assertion of the same name. */
const CONDITIONS = {
  ACPower: { value: free },
  Architecture: { value: free },
  CPUFeature: { value: free, since: 248 },
  CPUPressure: { value: free, since: 250 },
  CPUs: { value: free },
  Capability: { value: free },
  ControlGroupController: { value: free },
  Credential: { value: free, since: 252 },
  DirectoryNotEmpty: { value: name.conditionPath },
  Environment: { value: free },
  FileIsExecutable: { value: name.conditionPath },
  FileNotEmpty: { value: name.conditionPath },
  FirstBoot: { value: free },
  Fraction: { value: free },
  Group: { value: free },
  Host: { value: free },
  IOPressure: { value: free, since: 250 },
  KernelCommandLine: { value: free },
  KernelModuleLoaded: { value: free },
  KernelVersion: { value: free },
  MachineTag: { value: free },
  Memory: { value: free },
  MemoryPressure: { value: free, since: 250 },
  NeedsUpdate: { value: name.conditionPath },
  OSRelease: { value: free, since: 249 },
  PathExists: { value: name.conditionPath },
  PathExistsGlob: { value: name.conditionPath },
  PathIsDirectory: { value: name.conditionPath },
  PathIsEncrypted: { value: name.conditionPath, since: 246 },
  PathIsMountPoint: { value: name.conditionPath },
  PathIsReadWrite: { value: name.conditionPath },
  PathIsSymbolicLink: { value: name.conditionPath },
  Security: { value: free },
  User: { value: free },
  Version: { value: free },
  Virtualization: { value: free },
} satisfies Section;

/** systemd.unit(5), [Unit]. */
export const UNIT: Section = {
  After: { value: name.unitNames, nohup: true },
  AllowIsolate: { value: bool },
  Before: { value: name.unitNames, nohup: true },
  BindTo: { value: name.unitNames },
  BindsTo: { value: name.unitNames },
  CollectMode: { value: oneOf('inactive inactive-or-failed') },
  Conflicts: { value: name.unitNames },
  DefaultDependencies: { value: bool, nohup: true },
  Description: { value: free, nohup: true },
  Documentation: { value: name.documentation, nohup: true },
  FailureAction: { value: list.actions },
  FailureActionExitStatus: { value: number.between(0, 255) },
  IgnoreOnIsolate: { value: bool },
  IgnoreOnSnapshot: { value: free, removed: true },
  JobRunningTimeoutSec: { value: number.duration },
  JobTimeoutAction: { value: list.actions },
  JobTimeoutRebootArgument: { value: free },
  JobTimeoutSec: { value: number.duration },
  JoinsNamespaceOf: { value: name.unitNames },
  OnFailure: { value: name.unitNames },
  OnFailureIsolate: { value: bool },
  OnFailureJobMode: { value: jobs },
  OnSuccess: { value: name.unitNames, since: 249 },
  OnSuccessJobMode: { value: jobs, since: 249 },
  PartOf: { value: name.unitNames, nohup: true },
  PropagateReloadFrom: { value: name.unitNames },
  PropagateReloadTo: { value: name.unitNames },
  PropagatesReloadTo: { value: name.unitNames },
  PropagatesStopTo: { value: name.unitNames, since: 249 },
  RebootArgument: { value: free },
  RefuseManualStart: { value: bool },
  RefuseManualStop: { value: bool },
  ReloadPropagatedFrom: { value: name.unitNames },
  Requires: { value: name.unitNames, nohup: true },
  RequiresMountsFor: { value: name.paths },
  RequiresOverridable: { value: name.unitNames },
  Requisite: { value: name.unitNames },
  RequisiteOverridable: { value: name.unitNames },
  SourcePath: { value: name.loosePath, nohup: true },
  StartLimitAction: { value: list.actions },
  StartLimitBurst: { value: number.count, shown: 'merged', nohup: true },
  StartLimitInterval: { value: number.duration, shown: 'merged', nohup: true },
  StartLimitIntervalSec: { value: number.duration, shown: 'merged', nohup: true },
  StopPropagatedFrom: { value: name.unitNames, since: 249 },
  StopWhenUnneeded: { value: bool },
  SuccessAction: { value: list.actions },
  SuccessActionExitStatus: { value: number.between(0, 255) },
  SurviveFinalKillSignal: { value: bool, since: 255 },
  Upholds: { value: name.unitNames, since: 249 },
  Wants: { value: name.unitNames, nohup: true },
  WantsMountsFor: { value: name.paths, since: 256 },
  ...Object.fromEntries(
    Object.entries(CONDITIONS).flatMap(([name, row]) => [
      [`Condition${name}`, row],
      [`Assert${name}`, row],
    ]),
  ),
  // The one condition without an assertion.
  ConditionFirmware: { value: free, since: 249 },
};

/** systemd.unit(5), [Install]. */
export const INSTALL = {
  Alias: { value: name.unitNames, nohup: true },
  Also: { value: name.unitNames, nohup: true },
  DefaultInstance: { value: raw, nohup: true },
  RequiredBy: { value: name.unitNames, nohup: true },
  UpheldBy: { value: name.unitNames, since: 254, nohup: true },
  WantedBy: { value: name.unitNames, nohup: true },
} satisfies Section;
