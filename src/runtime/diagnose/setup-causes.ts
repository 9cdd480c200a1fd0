import type { Service } from '../../unit/settings/service.ts';
import { exitStatusName } from '../../unit/values/exit-status.ts';
import { EXIT_ENVIRONMENT_FILE } from '../nohup/script.ts';

/** Why a service did not stay up and what to do about it, in plain words. */
export type Explanation = { readonly cause: string; readonly fix: string };

type Causes = Readonly<Record<string, readonly [cause: string, fix: string]>>;

const FOLDER = 'See who owns the folder and its parents, and whether a file of that name is in the way.';

/** What each status of systemd between 200 and 245 means: the host could not prepare the process. */
const CAUSES: Causes = {
  NICE: ['The priority in Nice= could not be set.', 'Use a value from -20 to 19.'],
  FDS: ['Open files could not be handed to the process.', 'Remove FileDescriptorStoreMax= or the socket unit.'],
  MEMORY: ['There was not enough memory to start the process.', 'Free memory on the host.'],
  LIMITS: ['A Limit…= value could not be set.', 'Lower it to what the host or its container allows.'],
  OOM_ADJUST: ['OOMScoreAdjust= could not be set.', 'Remove it; containers often forbid it.'],
  SIGNAL_MASK: ['The signal mask could not be set.', 'Remove IgnoreSIGPIPE= and try again.'],
  STDIN: ['Standard input could not be opened.', 'Check StandardInput= and the file or terminal that it names.'],
  STDOUT: ['Standard output could not be opened.', 'See that the folder of the file in StandardOutput= exists.'],
  CHROOT: ['The root in RootDirectory= could not be entered.', 'See that the folder exists and holds a system.'],
  IOPRIO: ['The disk priority could not be set.', 'Check IOSchedulingClass= and IOSchedulingPriority=.'],
  TIMERSLACK: ['TimerSlackNSec= could not be set.', 'Remove it.'],
  SECUREBITS: ['SecureBits= could not be set.', 'Remove it, or run the unit as root.'],
  SETSCHEDULER: ['CPUSchedulingPolicy= could not be set.', 'Remove it: real-time classes are often forbidden.'],
  CPUAFFINITY: ['CPUAffinity= could not be set.', 'Name only processors that the host has.'],
  CAPABILITIES: ['Capabilities could not be set.', 'Check AmbientCapabilities= and CapabilityBoundingSet=.'],
  CGROUP: ['The control group could not be made.', 'See whether the host or its container lets systemd make groups.'],
  SETSID: ['A session of its own could not be made for the process.', 'Restart the host if it happens again.'],
  CONFIRM: ['Somebody declined to start it at the console.', 'Start the host without systemd.confirm_spawn.'],
  STDERR: ['Standard error could not be opened.', 'See that the folder of the file in StandardError= exists.'],
  PAM: ['PAM refused a session for the service user.', 'Check PAMName= and /etc/pam.d.'],
  NETWORK: ['The network namespace could not be set up.', 'Remove PrivateNetwork= or NetworkNamespacePath=.'],
  NAMESPACE: [
    'The sandbox could not be set up: a path in ReadWritePaths= or a similar directive does not exist.',
    'Declare the folder in the playbook (directories or data), or put "-" before an optional path.',
  ],
  NO_NEW_PRIVILEGES: ['NoNewPrivileges= could not be set.', 'The kernel of the host is too old; remove it.'],
  SECCOMP: ['The system call filter could not be loaded.', 'Check SystemCallFilter= and SystemCallArchitectures=.'],
  SELINUX_CONTEXT: ['SELinuxContext= could not be set.', 'Check the context, or remove it.'],
  PERSONALITY: ['Personality= could not be set.', 'Remove it.'],
  APPARMOR: ['The profile in AppArmorProfile= could not be used.', 'Load the profile, or put "-" before its name.'],
  ADDRESS_FAMILIES: ['RestrictAddressFamilies= could not be set.', 'Check the names, or remove it.'],
  RUNTIME_DIRECTORY: ['A folder of RuntimeDirectory= could not be made in /run.', FOLDER],
  CHOWN: ['A folder or socket could not be given to the service user.', 'See whether its file system allows owners.'],
  SMACK_PROCESS_LABEL: ['SmackProcessLabel= could not be set.', 'Remove it.'],
  KEYRING: [
    'A kernel keyring could not be set up. (It has nothing to do with a missing .env.)',
    'Set KeyringMode=inherit; containers often forbid keyrings.',
  ],
  STATE_DIRECTORY: ['A folder of StateDirectory= could not be made in /var/lib.', FOLDER],
  CACHE_DIRECTORY: ['A folder of CacheDirectory= could not be made in /var/cache.', FOLDER],
  LOGS_DIRECTORY: ['A folder of LogsDirectory= could not be made in /var/log.', FOLDER],
  CONFIGURATION_DIRECTORY: ['A folder of ConfigurationDirectory= could not be made in /etc.', FOLDER],
  NUMA_POLICY: ['NUMAPolicy= could not be set.', 'Remove it, or name only memory nodes that the host has.'],
  CREDENTIALS: ['A credential could not be set up.', 'See that the file in LoadCredential= exists.'],
  BPF: ['A BPF filter could not be loaded.', 'Remove RestrictFileSystems=; the kernel of the host lacks it.'],
  KSM: ['MemoryKSM= could not be set.', 'Remove it; the kernel of the host lacks it.'],
};

/** The causes whose sentence is better with the unit's own value in it. */
function fromUnit(name: string | null, unit: Service | null): Explanation | null {
  switch (name) {
    case 'CHDIR': {
      const folder = unit ? `WorkingDirectory=${unit.workingDirectory.path}` : 'WorkingDirectory=';
      return {
        cause: `The folder in ${folder} does not exist, or the service user may not enter it.`,
        fix: 'Check the path and its owner; ProtectHome=true hides everything under /home.',
      };
    }
    case 'EXEC': {
      const program = unit?.execStart[0]?.path ?? 'in ExecStart=';
      return {
        cause: `The program ${program} does not exist, may not be executed, or has no valid first line.`,
        fix: 'Check that the path exists in the release and is executable, and that its interpreter is installed.',
      };
    }
    case 'GROUP':
      return {
        cause: `The group${unit?.group ? ` ${unit.group}` : ''} in Group= or SupplementaryGroups= does not exist.`,
        fix: 'Make it on the host, or name a group that it has. It is no matter of file permissions.',
      };
    case 'USER':
      return {
        cause: `The user${unit?.user ? ` ${unit.user}` : ''} in User= does not exist on the host.`,
        fix: 'Add a `user` task to the playbook. It is no matter of file permissions; chown does not help.',
      };
    default:
      return null;
  }
}

/** Explains a status that tells of the preparations before the program ran; null for one of the program's own. */
export function ofSetup(status: number, unit: Service | null): Explanation | null {
  if (status === EXIT_ENVIRONMENT_FILE)
    return {
      cause: 'A file in EnvironmentFile= is missing, or the service user may not read it.',
      fix: 'Without systemd the service user itself must own the file (mode 0600).',
    };
  if (status < 200 || status > 245) return null;
  const name = exitStatusName(status);
  const [cause, fix] = CAUSES[name ?? ''] ?? [];
  if (cause && fix) return { cause: `${cause} (${status}/${name})`, fix };
  return fromUnit(name, unit);
}
