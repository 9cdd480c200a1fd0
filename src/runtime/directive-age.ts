import type { Assignment } from '../unit/parse.ts';

/** The systemd version that brought each directive; older ones ignore the line. [Service] if not said otherwise. */
const KEYS: readonly (readonly [since: number, keys: string])[] = [
  [242, 'ProtectHostname RestrictSUIDSGID'],
  [243, 'ExecCondition OOMPolicy TimeoutAbortSec NUMAPolicy NUMAMask'],
  [244, 'ProtectKernelLogs TimeoutCleanSec RestartKillSignal AllowedCPUs AllowedMemoryNodes'],
  [245, 'ProtectClock LogNamespace'],
  [246, 'CoredumpFilter RootHash RootHashSignature RootVerity'],
  [247, 'ProtectProc ProcSubset LoadCredential SetCredential MountImages ManagedOOMSwap ManagedOOMMemoryPressure'],
  [248, 'PrivateIPC IPCNamespacePath ExtensionImages'],
  [250, 'ExitType ExecSearchPath LoadCredentialEncrypted SetCredentialEncrypted RestrictFileSystems'],
  [251, 'ExtensionDirectories'],
  [253, 'OpenFile ReloadSignal MemoryZSwapMax'],
  [254, 'RestartSteps RestartMaxDelaySec RestartMode ImportCredential MemoryKSM RootEphemeral DelegateSubgroup'],
  [255, 'SetLoginEnvironment SurviveFinalKillSignal'],
  [257, 'PrivatePIDs'],
];

const UNIT_KEYS: readonly (readonly [since: number, keys: string])[] = [
  [246, 'ConditionPathIsEncrypted AssertPathIsEncrypted'],
  [249, 'Upholds OnSuccess'],
];

const table = (rows: typeof KEYS, section: string) =>
  rows.flatMap(([since, keys]) => keys.split(' ').map((key) => [`${section}.${key}`, since] as const));

const SINCE: ReadonlyMap<string, number> = new Map([...table(KEYS, 'Service'), ...table(UNIT_KEYS, 'Unit')]);

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
