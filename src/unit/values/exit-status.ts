import { wholeNumber } from './number.ts';

const BY_NAME = new Map<string, number>();

const range = (first: number, names: string) => {
  for (const [i, name] of names.split(' ').entries()) if (name !== '-') BY_NAME.set(name, first + i);
};

range(0, 'SUCCESS FAILURE INVALIDARGUMENT NOTIMPLEMENTED NOPERMISSION NOTINSTALLED NOTCONFIGURED NOTRUNNING');
range(64, 'USAGE DATAERR NOINPUT NOUSER NOHOST UNAVAILABLE SOFTWARE OSERR OSFILE CANTCREAT IOERR TEMPFAIL PROTOCOL');
range(77, 'NOPERM CONFIG');
range(200, 'CHDIR NICE FDS EXEC MEMORY LIMITS OOM_ADJUST SIGNAL_MASK STDIN STDOUT CHROOT IOPRIO TIMERSLACK SECUREBITS');
range(214, 'SETSCHEDULER CPUAFFINITY GROUP USER CAPABILITIES CGROUP SETSID CONFIRM STDERR - PAM NETWORK NAMESPACE');
range(227, 'NO_NEW_PRIVILEGES SECCOMP SELINUX_CONTEXT PERSONALITY APPARMOR ADDRESS_FAMILIES RUNTIME_DIRECTORY');
range(235, 'CHOWN SMACK_PROCESS_LABEL KEYRING STATE_DIRECTORY CACHE_DIRECTORY LOGS_DIRECTORY CONFIGURATION_DIRECTORY');
range(242, 'NUMA_POLICY CREDENTIALS BPF KSM');
range(255, 'EXCEPTION');

const BY_CODE = new Map([...BY_NAME].map(([name, code]) => [code, name]));

/** systemd's name of an exit status, e.g. 203 → `EXEC`; null for one without a name. */
export const exitStatusName = (code: number): string | null => BY_CODE.get(code) ?? null;

/** `75` or `TEMPFAIL` → 75; null for anything else. */
export function exitStatus(text: string): number | null {
  const number = wholeNumber(text);
  if (number !== null) return number >= 0 && number <= 255 ? number : null;
  return BY_NAME.get(text) ?? null;
}
