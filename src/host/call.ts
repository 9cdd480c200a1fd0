import type { Layout } from '../model/layout.ts';
import { Script, sh } from '../shell/sh.ts';
import { stateFolder } from './layout.ts';
import { PROGRAM, PROGRAM_NAME } from './program.ts';

/** Commands that the probe looks for on a host; `HostFacts.tools` holds those it found. */
const TOOLS = [
  ...[
    'rsync',
    'tar',
    'gzip',
    'setpriv',
    'su',
    'flock',
    'setsid',
    'timeout',
    'sha256sum',
    'useradd',
    'groupadd',
    'usermod',
  ],
  ...['adduser', 'addgroup', 'apt-get', 'dpkg-query', 'dnf', 'yum', 'rpm', 'apk', 'logrotate', 'crontab', 'journalctl'],
  ...['systemctl', 'systemd-run', 'systemd-analyze', 'curl', 'python3', 'getent'],
] as const;

/** What a call needs to know of the host that it goes to. */
export type CallSite = { readonly layout: Layout; readonly uid: number; readonly hasProgram: boolean };

/**
 * The run's first command: the host's state, then each fragment's output behind a line "NONCE index". The program is
 * part of the script, so that a probe writes nothing.
 * @param nonce a word that no output contains
 * @param units names of units that are to be installed: what they lead to on the host is told
 */
export function probeScript(
  layout: Layout,
  fragments: readonly (Script | null)[],
  nonce: string,
  units: readonly string[] = [],
): Script {
  const program = sh`set -- ${layout.root} ${layout.app} probe ${PROGRAM_NAME} ${layout.user ?? '-'} ${TOOLS}`;
  const sections = fragments.map((fragment, i) =>
    fragment === null
      ? sh`printf ${`\n${nonce} ${i}\n`}`
      : Script.join([sh`printf ${`\n${nonce} ${i}\n`}`, sh`(`, fragment, sh`)`], '\n'),
  );
  const named = units.length === 0 ? [] : [sh`tell_namesakes ${units}`];
  return Script.join(
    [program, Script.ofProgram(PROGRAM), ...named, ...sections, sh`printf ${`\n${nonce} end\n`}`],
    '\n',
  );
}

/** Splits what `probeScript` printed; null when the end is missing, which means that it was cut short. */
export function splitProbe(
  stdout: string,
  count: number,
  nonce: string,
): { state: string; fragments: string[] } | null {
  const [state = '', ...rest] = stdout.split(`\n${nonce} `);
  if (rest.length !== count + 1 || !rest[count]?.startsWith('end')) return null;
  return { state, fragments: rest.slice(0, count).map((section) => section.slice(section.indexOf('\n') + 1)) };
}

/** The program on the host. */
export const programFile = ({ layout, uid }: CallSite): string => `${stateFolder(layout, uid)}/${PROGRAM_NAME}`;

/** One verb of the host program. The program is put on the host first where it is not there yet. */
export function call(site: CallSite, verb: string, ...words: readonly (string | number)[]): Script {
  const run = sh`exec sh ${programFile(site)} ${site.layout.root} ${site.layout.app} ${verb} ${words}`;
  return site.hasProgram ? run : Script.join([install(site), run], '\n');
}

/**
 * Makes the functions of the host program usable for what follows in a script, which wants a subshell of its own: the
 * program's settings (PATH, umask, `set -u`) are put back to what scripts expect, but not for good.
 */
export function library(site: CallSite): Script {
  const load = sh`set -- ${site.layout.root} ${site.layout.app} lib; . ${programFile(site)}; set +u; umask 022`;
  return site.hasProgram ? load : Script.join([install(site), load], '\n');
}

/** One verb that only reads. On a host with another fleet's program, or none, ours is part of the script and not left there. */
export const look = (
  site: CallSite,
  verb: 'history' | 'unit' | 'scrub' | 'verify' | 'command' | 'ownership',
  ...words: readonly string[]
): Script =>
  site.hasProgram
    ? call(site, verb, ...words)
    : Script.join(
        [sh`set -- ${site.layout.root} ${site.layout.app} ${verb} ${words}`, Script.ofProgram(PROGRAM)],
        '\n',
      );

/** Two operators may install at the same moment: each writes a file of its own, and either may win the name. */
function install({ layout, uid }: CallSite): Script {
  const state = stateFolder(layout, uid);
  const temporary = sh`${`${state}/.${PROGRAM_NAME}`}.$$`;
  return Script.join(
    [
      sh`umask 077; mkdir -p ${state} || exit 74`,
      Script.ofProgram(
        `${sh`cat >${temporary}`.text} <<'END_OF_HOST_PROGRAM' || { ${sh`rm -f ${temporary}`.text}; exit 74; }\n${PROGRAM}\nEND_OF_HOST_PROGRAM`,
      ),
      sh`mv -f ${temporary} ${`${state}/${PROGRAM_NAME}`} || exit 74`,
      sh`ln -sfn ${PROGRAM_NAME} ${`${state}/host.sh`}`,
    ],
    '\n',
  );
}
