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

/** A host that has the program: a verb has run there. */
export type InstalledSite = CallSite & { readonly hasProgram: true };

/** The same host behind the first call, which has put the program there. */
export const installed = (site: CallSite): InstalledSite => ({ ...site, hasProgram: true });

/** What fragments printed, by name. */
export type Answers = ReadonlyMap<string, string>;

/** What a task or a check wants to know of the host, under a name of its own. */
export type Fragment = {
  readonly name: string;
  readonly probe: Script | null;
  /** It takes its time and prints a few short lines: all of those run side by side, behind the rest. */
  readonly slow?: boolean;
};

/**
 * The run's first command: the host's state, then each fragment's output behind a line "NONCE name".
 * @param nonce a word that no output contains
 * @param units names of units that are to be installed: what they lead to on the host is told
 * @param program `there`: the host's own copy is run, and where there is none nothing is printed; `sent`: it is part of the
 *   script, 190 kB that cross the network, so that a probe of a host without it writes nothing
 */
export function probeScript(
  layout: Layout,
  fragments: readonly Fragment[],
  nonce: string,
  units: readonly string[],
  program: 'there' | 'sent',
): Script {
  const words = sh`set -- ${layout.root} ${layout.app} probe ${layout.user ?? '-'} ${TOOLS}`;
  const text = program === 'sent' ? Script.ofProgram(PROGRAM) : ownProgram(layout);
  const section = (name: string, ...body: readonly Script[]) =>
    Script.join([sh`printf ${`\n${nonce} ${name}\n`}`, ...body], '\n');
  const slow = asked(fragments).filter((one) => one.slow);
  const quick = asked(fragments).filter((one) => !one.slow);
  const sections = quick.map(({ name, probe }) => section(name, sh`(`, probe, sh`)`));
  // What one of them prints is shorter than a pipe takes at once, and each line says whose it is.
  const beside = slow.flatMap(({ probe }, i) => [sh`(`, probe, sh`) | sed ${`s/^/${i} /`} &`]);
  if (slow.length > 0) sections.push(section(SLOW, ...beside, sh`wait`));
  const named = units.length === 0 ? [] : [sh`tell_namesakes ${units}`];
  const end = sh`clock; printf ${`\n${nonce} end %s\n`} "$NOW_EXACT"`;
  return Script.join([words, text, ...named, ...sections, end], '\n');
}

/** Root never reads one from the app's root, where others may write; below a demo's folder even root has no other. */
function ownProgram(layout: Layout): Script {
  const [roots, others] = [0, 1].map((uid) => `${stateFolder(layout, uid)}/${PROGRAM_NAME}`) as [string, string];
  return sh`program=${roots}
if [ ! -r "$program" ]; then
  [ "$(id -u)" != 0 ] || case $1/ in "$FLEET_DEMO_ROOT"/*) [ "$FLEET_DEMO_ROOT" ] ;; *) false ;; esac || exit 0
  program=${others}
  [ -r "$program" ] || exit 0
fi
. "$program"`;
}

const asked = (fragments: readonly Fragment[]) =>
  fragments.flatMap(({ name, probe, slow = false }) => (probe === null ? [] : [{ name, probe, slow }]));

/**
 * Splits what `probeScript` printed; null when a part, the end, or all of the state is missing: it was cut short, or the
 * program that should have told of the host was, and would pass for a host on which nothing is.
 */
export function splitProbe(
  stdout: string,
  fragments: readonly Fragment[],
  nonce: string,
): { readonly state: string; readonly answers: Answers; readonly up: number } | null {
  const [state = '', ...rest] = stdout.split(`\n${nonce} `);
  const up = /^end (\d+)/.exec(rest.pop() ?? '')?.[1];
  if (up === undefined || !/^uid \d/m.test(state)) return null;
  const answers = new Map(
    rest.map((section) => {
      const line = section.indexOf('\n');
      return [section.slice(0, line), section.slice(line + 1)] as const;
    }),
  );
  const slow = asked(fragments).filter((one) => one.slow);
  const lines = answers.get(SLOW)?.split('\n') ?? [];
  for (const [i, { name }] of slow.entries()) {
    const own = lines.flatMap((line) => (line.startsWith(`${i} `) ? [line.slice(`${i} `.length)] : []));
    if (answers.has(SLOW)) answers.set(name, own.join('\n'));
  }
  return asked(fragments).every(({ name }) => answers.has(name)) ? { state, answers, up: Number(up) } : null;
}

/** The section of all that is slow. */
const SLOW = 'slow';

/** One fragment by itself, with the functions of the host program. */
export const asking = (site: CallSite, fragment: Script): Script => {
  const functions = site.hasProgram
    ? library({ ...site, hasProgram: true })
    : Script.join(
        [sh`set -- ${site.layout.root} ${site.layout.app} lib`, Script.ofProgram(PROGRAM), sh`set +u; umask 022`],
        '\n',
      );
  return Script.join([functions, sh`(`, fragment, sh`)`], '\n');
};

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
export const library = (site: InstalledSite): Script =>
  sh`set -- ${site.layout.root} ${site.layout.app} lib; . ${programFile(site)}; set +u; umask 022`;

/** One verb that only reads. On a host with another fleet's program, or none, ours is part of the script and not left there. */
export const look = (
  site: CallSite,
  verb: 'history' | 'logs' | 'said' | 'scrub' | 'verify' | 'ownership',
  ...words: readonly string[]
): Script =>
  site.hasProgram
    ? call(site, verb, ...words)
    : Script.join(
        [sh`set -- ${site.layout.root} ${site.layout.app} ${verb} ${words}`, Script.ofProgram(PROGRAM)],
        '\n',
      );

/**
 * Puts the program on a host that has not got it. Two operators may install at the same moment: each writes a file of its
 * own, and either may win the name.
 */
export function install({ layout, uid }: CallSite): Script {
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
