import type { Assignment } from '../../unit/syntax/parse.ts';

type Rows = readonly (readonly [since: number, keys: string])[];

/** The systemd version that brought each directive of [Service]; older ones ignore the line. */
const SERVICE_KEYS: Rows = [
  [242, 'ProtectHostname RestrictSUIDSGID'],
  [243, 'ExecCondition OOMPolicy TimeoutAbortSec NUMAPolicy NUMAMask'],
  [244, 'ProtectKernelLogs TimeoutCleanSec RestartKillSignal AllowedCPUs AllowedMemoryNodes'],
  [245, 'ProtectClock LogNamespace'],
  [246, 'CoredumpFilter RootHash RootHashSignature RootVerity'],
  [247, 'ProtectProc ProcSubset LoadCredential SetCredential MountImages ManagedOOMSwap ManagedOOMMemoryPressure'],
  [248, 'PrivateIPC IPCNamespacePath ExtensionImages ExecPaths NoExecPaths'],
  [248, 'ManagedOOMMemoryPressureLimit ManagedOOMPreference'],
  [249, 'BPFProgram SocketBindAllow SocketBindDeny'],
  [250, 'ExitType ExecSearchPath LoadCredentialEncrypted SetCredentialEncrypted RestrictFileSystems'],
  [250, 'RestrictNetworkInterfaces RuntimeRandomizedExtraSec StartupAllowedCPUs StartupAllowedMemoryNodes'],
  [250, 'TTYColumns TTYRows'],
  [251, 'ExtensionDirectories'],
  [253, 'OpenFile ReloadSignal MemoryZSwapMax LogFilterPatterns'],
  [254, 'RestartSteps RestartMaxDelaySec RestartMode ImportCredential MemoryKSM RootEphemeral DelegateSubgroup'],
  [254, 'ExtensionImagePolicy MountImagePolicy RootImagePolicy FileDescriptorStorePreserve'],
  [254, 'MemoryPressureThresholdSec MemoryPressureWatch StartupMemoryHigh StartupMemoryLow StartupMemoryMax'],
  [254, 'StartupMemorySwapMax StartupMemoryZSwapMax DefaultStartupMemoryLow'],
  [255, 'SetLoginEnvironment CoredumpReceive NFTSet'],
  [256, 'MemoryZSwapWriteback'],
  [257, 'PrivatePIDs BindLogSockets ManagedOOMMemoryPressureDurationSec'],
];

const UNIT_KEYS: Rows = [
  [246, 'ConditionPathIsEncrypted AssertPathIsEncrypted'],
  [248, 'ConditionCPUFeature AssertCPUFeature'],
  [249, 'Upholds OnSuccess OnSuccessJobMode PropagatesStopTo StopPropagatedFrom ConditionFirmware'],
  [249, 'ConditionOSRelease AssertOSRelease'],
  [250, 'ConditionMemoryPressure ConditionCPUPressure ConditionIOPressure'],
  [250, 'AssertMemoryPressure AssertCPUPressure AssertIOPressure'],
  [252, 'ConditionCredential AssertCredential'],
  [255, 'SurviveFinalKillSignal'],
  [256, 'WantsMountsFor'],
];

const INSTALL_KEYS: Rows = [[254, 'UpheldBy']];

const table = (rows: Rows, section: string) =>
  rows.flatMap(([since, keys]) => keys.split(' ').map((key) => [`${section}.${key}`, since] as const));

const SINCE: ReadonlyMap<string, number> = new Map([
  ...table(SERVICE_KEYS, 'Service'),
  ...table(UNIT_KEYS, 'Unit'),
  ...table(INSTALL_KEYS, 'Install'),
]);

const VALUES: readonly (readonly [since: number, key: string, value: RegExp])[] = [
  [240, 'Type', /^exec$/],
  [253, 'Type', /^notify-reload$/],
  [236, 'StandardOutput', /^file:/],
  [236, 'StandardError', /^file:/],
  [240, 'StandardOutput', /^append:/],
  [240, 'StandardError', /^append:/],
  [248, 'StandardOutput', /^truncate:/],
  [248, 'StandardError', /^truncate:/],
];

/** The systemd version that first understands an assignment; 0 for one that every supported version does. */
export function understoodSince({ section, key, value }: Pick<Assignment, 'section' | 'key' | 'value'>): number {
  const byValue = section === 'Service' ? VALUES.filter(([, name, shape]) => name === key && shape.test(value)) : [];
  return Math.max(SINCE.get(`${section}.${key}`) ?? 0, ...byValue.map(([since]) => since));
}
