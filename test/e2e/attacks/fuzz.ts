import { setTimeout as sleep } from 'node:timers/promises';
import { type Ended, inventoryFields, only, parseRun } from '../fleet.ts';
import type { TestHost } from '../rig/index.ts';
import type { Build, Fought } from './attack.ts';
import { fuzzer } from './attacker.ts';
import { type Victim, victim } from './victim.ts';

const CODER = 'plainuser';

/** Numbers that are the same for the same seed. */
function chances(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

/** Everything of a host that is none of the app's own folders, and none of what every deploy may change. */
async function outside(it: Victim, home: string): Promise<readonly string[]> {
  const own = [it.root, home, `/var/log/${it.name}`].map((path) => new RegExp(`^${path}(/| )`));
  // Whose turn it is to be logged in, when cron last looked, what the journal has: none of it is fleet's.
  // Nor what finishes an open transaction at boot, which there is for as long as one is open.
  const alive = [
    /\/fleet-recover-[^/]*\.service /,
    /^\/var\/(log|lib\/systemd|cache|tmp)\//,
    /^\/etc\/(passwd|group|shadow)-? /,
    /^\/var\/(run|lock) /,
  ];
  const ignored = [...own, ...alive, /^\/var\/lib\/fleet\//, /^\/var\/spool\/cron( |\/crontabs )/];
  const lines = await it.host.manifest(['/etc', '/root', '/home', '/opt', '/usr/local', '/var']);
  // What everybody may write in is only looked at for its owner and its mode.
  return lines
    .filter((line) => !ignored.some((pattern) => pattern.test(line)))
    .map((line) => line.replace(/^(\S+\/open file .*) \w{64}$/, '$1'));
}

/** What there is of a sealed release, without the links that lead out of it. */
const contents = (it: Victim, generation: number) => it.host.manifest([`${it.root}/releases/${generation}`]);

type Sealed = { readonly builds: boolean; readonly round: number; readonly lines: readonly string[] };

type Story = { readonly rounds: number; readonly seed: number; readonly below: 'opt' | 'home' };

/**
 * An account that swaps, links, cuts, renames and changes at random all that it may, while its app is deployed, rolled
 * back and looked at.
 */
export async function fuzz(host: TestHost, build: Build, story: Story): Promise<Fought> {
  // What the control has brought into disorder may never be deployed again: it begins anew, with another app.
  const apps = build.once ? 6 : 1;
  let fought = await tell(host, build, story, 1);
  for (let app = 2; app <= apps && !fought.won; app += 1) fought = await tell(host, build, story, app);
  return fought;
}

async function tell(host: TestHost, build: Build, { rounds, seed, below }: Story, app: number): Promise<Fought> {
  const chance = chances(seed + 1000 * app);
  const id = `fuzz-${below}${app}`;
  const user = `${id}-${build.tag}`;
  const home = `/home/${user}`;
  await using it = await victim(host, build, id, { root: below === 'home' ? `${home}/svc` : `/opt/${user}`, home });
  const ran = `/tmp/ran-${it.name}`;
  await host.out(`mkdir -p -m 755 ${home} && chown ${user}: ${home} && : >${ran} && chmod 666 ${ran}
    # Who sends code shall not lock himself out.
    chown -R root: /home/${CODER} && chmod -R go=rX /home/${CODER}`);
  // systemd opens such a file as root, through whatever link the account has put there: `fleet check` warns of it.
  const output = host.systemd ? [] : [`StandardOutput=append:${it.root}/data/out.log`];
  const { task, unit } = it.service(
    [`LogsDirectory=${it.name} ${it.name}/sub`, ...output, 'Restart=on-failure'],
    'while :; do echo at work; sleep 1; done\n',
  );
  const tasks = (round: number, builds: boolean) =>
    it.tasks(
      [
        { files: [{ to: `${it.root}/data/conf/app.conf`, content: `${round}\n`, owner: it.name }, own(round)] },
        { directories: [{ path: 'data/made/deep', mode: `07${round % 8}0` }] },
        ...(builds ? [{ run: { command: ['sh', '-c', 'mkdir -p lib && echo built >lib/built && sleep 0.2'] } }] : []),
        task,
      ],
      { data: ['data', 'nested/deep'], health: [{ unit }], deploy: { settle: '1s', deadline: '10s' } },
    );
  for (let i = 0; i < 40; i += 1) it.project.write(`app/bulk/${i}`, `${i}\n`);
  tasks(0, false);
  const first = await it.deploy();
  if (first.outcome !== 'deployed') throw new Error(`nothing to attack: ${first.run.stdout}${first.run.stderr}`);
  const before = await outside(it, home);

  const targets = [
    it.canary,
    `${it.canary}/precious`,
    `${it.canary}/f0`,
    `${it.canary}/open`,
    '/etc',
    '/var/lib/fleet',
  ];
  const places = [`${it.root}/data`, `${it.root}/nested/deep`, home, it.root, `/var/log/${it.name}`];
  const fixed = [ran, `${it.root}/releases`, places.join(':'), [...targets, `${it.root}/releases/1`].join(':')];
  const sealed = new Map<number, Sealed>();
  const log: string[] = [];
  const ends: string[] = [];
  const look = async () => {
    await tidy(it, home);
    const now = await outside(it, home);
    return [
      ...ends,
      ...now.filter((line) => !before.includes(line)).map((line) => `now ${line}`),
      ...before.filter((line) => !now.includes(line)).map((line) => `was ${line}`),
      ...(await unsafe(it, sealed)),
    ];
  };
  let harm: readonly string[] = [];
  let tries = 0;
  for (let round = 1; round <= rounds && !(build.once && harm.length > 0); round += 1) {
    const builds = chance(2) === 0;
    const fields = chance(3) === 0 ? { uploadUser: CODER } : {};
    tasks(round, builds);
    it.project.write('inventory/hosts.yaml', JSON.stringify({ hosts: { it: inventoryFields({ host, fields }) } }));
    it.project.write('app/VERSION', `${round}\n`);
    await tidy(it, home);
    const when = chance(2) === 0 ? 'now' : 'claim';
    const fuzzers = [
      await fuzzer(host, it.name, String(seed + 2 * round), ...fixed, when),
      await fuzzer(host, CODER, String(seed + 2 * round + 1), ...fixed, when),
    ];
    const began = Date.now();
    const deployed = await patient(it, 'deploy', '--all', '--json');
    const { outcome, generation } =
      deployed === null ? { outcome: 'no end', generation: null } : only(parseRun(deployed));
    log.push(`${outcome}${builds ? ' built' : ''}${'uploadUser' in fields ? ' by coder' : ''} ${when}`);
    if (outcome === 'deployed' && generation !== null) {
      sealed.set(generation, { builds, round, lines: await contents(it, generation) });
    }
    // Behind the first generation there is nothing left of the app to look at.
    const others = outcome === 'deployed' ? ['plan', 'status', 'rollback'] : ['plan', 'status', 'health'];
    const other = others[chance(3)] ?? 'plan';
    const looked = await patient(it, other, '--all', ...(other === 'rollback' ? ['--yes'] : []));
    log.push(`${other} ${looked?.code ?? 'no end'} (${Math.round((Date.now() - began) / 1000)} s)`);
    if (deployed === null || looked === null) ends.push(`round ${round} had no end`);
    for (const one of fuzzers) tries += await one.stop();
    if (build.once) harm = await look();
  }
  harm = await look();
  const evidence = `${harm.length}: ${harm.slice(0, 8).join('; ')} [${log.join(', ')}]`;
  return { won: harm.length > 0, tries, refused: false, evidence };
}

const own = (round: number) => ({ to: 'conf/own', content: `${round}\n` });

/** A run of the command that is ended when it has had far more time than it needs. */
async function patient(it: Victim, ...words: readonly string[]): Promise<Ended | null> {
  const running = it.project.start(words);
  const ended = await Promise.race([running.ended, sleep(300_000, null, { ref: false })]);
  if (ended === null) running.child.kill('SIGKILL');
  return ended;
}

/** The account's own folders as they should be, so that not every round ends with the first look at them. */
const tidy = ({ host, name, root }: Victim, home: string) =>
  host.out(`real=$(find ${home} -type d -name releases -user root 2>/dev/null | head -n 1)
    # It may have moved the whole root away, where that lies in its home.
    if [ -n "$real" ] && [ "$real" != ${root}/releases ]; then mv "\${real%/releases}" ${home}/.real; rm -rf ${root}; mv ${home}/.real ${root}; fi
    cd ${root} || exit
    for folder in data nested/deep; do
      [ -d $folder ] && [ ! -L $folder ] || { rm -rf $folder; mkdir -p $folder; }
      find $folder -mindepth 1 -maxdepth 1 -exec rm -rf {} +
      chown ${name}: $folder; chmod 750 $folder
    done
    mkdir data/conf && chown ${name}: data/conf
    for f in ${home}/* /var/log/${name}/*; do case $f in ${root}) ;; *) rm -rf "$f" ;; esac; done; true`);

/** What is wrong with things of root's that lie among the app's own. */
async function unsafe(it: Victim, sealed: ReadonlyMap<number, Sealed>): Promise<readonly string[]> {
  const harm: string[] = [];
  const ran = (await it.host.out(`sort /tmp/ran-${it.name} | uniq -c`)).split('\n').map((line) => line.trim());
  harm.push(...ran.filter((line) => line.endsWith(' 0')).map((line) => `ran as root: ${line}`));
  const strange = await it.host.out(
    `cd /var/lib/fleet/${it.name} || { echo gone; exit 0; }; find . ! -user root -o -type f -perm -2`,
  );
  if (strange !== '') harm.push(`in fleet's own: ${strange}`);
  for (const [generation, { builds, round, lines }] of sealed) {
    const folder = `${it.root}/releases/${generation}`;
    const now = await contents(it, generation);
    // Older ones go, in time.
    if (now.length === 0) continue;
    harm.push(...now.filter((line) => !lines.includes(line)).map((line) => `since the seal ${line}`));
    const open = await it.host.out(
      `find ${folder}/ ! -type l \\( ! -user root -o -perm -2 -o -perm -20 -o -perm -4000 \\)`,
    );
    if (open !== '') harm.push(`open: ${open.split('\n').slice(0, 3).join(' ')}`);
    // A build may change what was sent.
    if (builds) continue;
    const sent = { VERSION: `${round}\n`, held: 'as it was sent\n', 'conf/own': own(round).content };
    for (const [path, content] of Object.entries(sent)) {
      const there = await it.host.sh(`cat ${folder}/${path}`);
      if (there.stdout !== content) harm.push(`${folder}/${path} is not as it was sent`);
    }
  }
  return harm;
}
