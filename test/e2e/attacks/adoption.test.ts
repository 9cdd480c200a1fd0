import { afterAll, beforeAll } from 'vitest';
import { only } from '../fleet.ts';
import { type Hosts, startHosts, type TestHost } from '../rig/index.ts';
import { attack, type Fought } from './attack.ts';
import { type Victim, victim } from './victim.ts';

// A host that was set up by hand, with what its account has prepared for the first deploy to find.

const KINDS = { edge: 'plain', own: 'traced' } as const;
let hosts: Hosts<typeof KINDS>;
beforeAll(async () => {
  hosts = await startHosts(KINDS);
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

/** The app's folder as a person has made it for its account. */
const byHand = (it: Victim) =>
  it.host.out(`mkdir -p ${it.root}/run ${it.root}/conf ${it.root}/data && chown -R ${it.name}: ${it.root}`);

/** Starts a process as the account, with its pid where fleet looks for what was started by hand. */
async function started(it: Victim, command: string): Promise<void> {
  await it.as(`cd ${it.root}/run && { ${command} >/dev/null 2>&1 & echo $! >x.pid; }; sleep 0.5`);
}

async function ended(host: TestHost, it: Victim): Promise<void> {
  await host.sh(`kill -KILL $(cat ${it.root}/run/x.pid)`);
}

/** A version whose service fails at once, so that the deploy is taken back. */
function broken(it: Victim): void {
  const { task, unit } = it.service([], 'exit 1\n');
  it.tasks([task], { health: [{ unit }] });
}

const once = (won: boolean, evidence: string, refused = false): Fought => ({ won, tries: 1, refused, evidence });

attack('C6', 'a program with the rights of root that was started in the folder, and an .env for it', async (build) => {
  const host = hosts.own;
  await using it = await victim(host, build, 'c6');
  await byHand(it);
  await it.as(`printf 'id >>${it.root}/conf/ran\\n' >${it.root}/run/.env`);
  await started(it, 'sleep 200 2>/dev/null | su root -c true');
  const owner = await host.out(`stat -c %U /proc/$(cat ${it.root}/run/x.pid)`);
  broken(it);
  const { outcome, words } = await it.deploy();
  if (outcome !== 'reverted') await it.project.human('rollback', '--all', '--full', '--yes');
  await ended(host, it);
  const ran = await host.out(`cat ${it.root}/conf/ran 2>/dev/null; true`);
  return once(ran.includes('uid=0'), `a process of ${owner}: ${outcome} ${words}, ran as ${ran}`);
});

const FORGED = "$(printf 'x\\nend committed 1\\nx')";

attack('C13', "a command line that reads like the runner's last word", async (build) => {
  await using it = await victim(hosts.edge, build, 'c13');
  await byHand(it);
  await started(it, `sh -c 'while :; do sleep 1; done' "${FORGED}" </dev/null`);
  broken(it);
  const { outcome, words } = await it.deploy();
  await ended(hosts.edge, it);
  const live = await hosts.edge.sh(`readlink ${it.root}/current`);
  return once(outcome === 'deployed', `${outcome} ${words}, live ${live.stdout.trim()}`);
});

attack('C13-probe', "a command line that reads like somebody's hold", async (build) => {
  await using it = await victim(hosts.edge, build, 'c13p');
  await byHand(it);
  const forged = "$(printf 'x\\nheld hold 2020-01-01T00:00:00Z nobody\\tforged\\nx')";
  await started(it, `sh -c 'while :; do sleep 1; done' "${forged}" </dev/null`);
  const { outcome, words } = await it.deploy();
  await ended(hosts.edge, it);
  return once(outcome === 'untouched' && words.includes('forged'), `${outcome} ${words}`);
});

attack('C14', "an .env that leads to a file of root's", async (build) => {
  await using it = await victim(hosts.edge, build, 'c14');
  await byHand(it);
  await it.as(`ln -s ${it.canary}/f0 ${it.root}/.env`);
  it.project.env({ KEY: 'value' });
  it.tasks([{ env: { from: 'secrets/app.env' } }]);
  const { outcome, words } = await it.deploy();
  const removal = await it.project.fleet('rollback', '--all', '--full', '--yes', '--keep-data');
  const read = await it.host.sh(`cat ${it.root}/.env`, { user: it.name });
  const harm = await it.harm();
  const won = read.stdout.includes("root's") || harm.length > 0;
  return once(
    won,
    `${outcome} ${words}, ${only(removal).outcome}: ${read.stdout} ${harm.join('; ')}`,
    outcome === 'untouched',
  );
});

attack('C14-file', "a file to be replaced that leads to a file of root's", async (build) => {
  await using it = await victim(hosts.edge, build, 'c14f');
  await byHand(it);
  await it.as(`ln -s ${it.canary}/f0 ${it.root}/conf/app.conf`);
  it.tasks([{ files: [{ to: `${it.root}/conf/app.conf`, content: 'ours\n' }] }]);
  const { outcome, words } = await it.deploy();
  const removal = await it.project.fleet('rollback', '--all', '--full', '--yes', '--keep-data');
  const read = await it.host.sh(`cat ${it.root}/conf/app.conf`, { user: it.name });
  const harm = await it.harm();
  const won = read.stdout.includes("root's") || harm.length > 0;
  return once(
    won,
    `${outcome} ${words}, ${only(removal).outcome}: ${read.stdout} ${harm.join('; ')}`,
    outcome === 'untouched',
  );
});
