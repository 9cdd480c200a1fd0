import { afterAll, beforeAll, describe, expect } from 'vitest';
import { fleetProject, only, type Project } from './fleet.ts';
import { drawn, type Hosts, startHosts, type TestHost } from './rig/index.ts';
import { ask, furnish, KEYS, KINDS, markOf, NAMES, ROOT, sample } from './samples.ts';
import { story } from './story.ts';

let hosts: Hosts<typeof KINDS>;

beforeAll(async () => {
  hosts = await startHosts(KINDS);
});
afterAll(async () => {
  await hosts?.[Symbol.asyncDispose]();
});

/** Tries without pause to read every file that could hold settings; no process is started, so that it is quick. */
const READ = `rounds=0
while [ ! -e /tmp/enough ]; do
  for f in ${ROOT}/.env ${ROOT}/.fleet* ${ROOT}/.env.* ${ROOT}/naive ${ROOT}/current/.env ${ROOT}/releases/*/.env; do
    { IFS= read -r line <"$f"; } 2>/dev/null && echo "caught $f" && : >/tmp/caught
  done
  rounds=$((rounds + 1))
done
echo "rounds $rounds"`;

/** Starts the loop as a user that has no business on the host; ends it and says what it has read. */
async function reader(host: TestHost) {
  await host.out('rm -f /tmp/enough /tmp/caught');
  const running = host.out(READ, { user: 'plainuser', timeoutMs: 100_000 });
  return async () => {
    await host.out('touch /tmp/enough');
    const lines = (await running).split('\n');
    return { caught: lines.filter((line) => line.startsWith('caught')), rounds: Number(lines.at(-1)?.split(' ')[1]) };
  };
}

/** Looks again and again at mode and owner of .env, as root; says every different answer it got. */
const WATCH = `until [ -e ${ROOT}/.env ]; do :; done
while [ ! -e /tmp/enough ]; do stat -c '%a %U %G' ${ROOT}/.env 2>&1; sleep 0.02; done | sort -u`;

describe.each(drawn(...NAMES))('on %s', (name) => {
  const step = story();
  const host = () => hosts[name];
  let project: Project;

  beforeAll(async () => {
    await furnish(host());
    project = await fleetProject({ ...sample(name), hosts: { [name]: host() } });
  });
  afterAll(() => project?.[Symbol.asyncDispose]());

  step('another user never gets to read .env, not even while deploys and a rollback replace it', async () => {
    const stop = await reader(host());
    const watched = host().out(WATCH, { timeoutMs: 100_000 });
    for (const marker of ['first', 'second', 'third']) {
      project.env({ ...KEYS, JARVIS_MARKER: marker });
      expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ outcome: 'deployed' });
    }
    expect(only(await project.fleet('rollback', '--all'))).toMatchObject({ outcome: 'rolled-back' });
    expect((await ask(host())).config).toBe(markOf('second'));
    const { caught, rounds } = await stop();
    expect(caught).toEqual([]);
    expect(rounds).toBeGreaterThan(1000);
    // From its first instant on, and never gone for one.
    expect(await watched).toBe('600 jarvis jarvis');
  });

  step('the same reader does catch a file that is written first and protected afterwards', async () => {
    const stop = await reader(host());
    // The reader may begin late, and needs luck.
    await host().out(`umask 022; i=0; cd ${ROOT}
      until [ -e /tmp/caught ] || [ $i = 5000 ]; do rm -f naive; echo K=v >naive; sh -c 'chmod 600 naive'; i=$((i + 1)); done
      rm naive`);
    const { caught } = await stop();
    expect(caught).toContain(`caught ${ROOT}/naive`);
  });

  step('secrets stand in .env and in the root-only records, and nowhere else on the host', async () => {
    const places = '/opt /etc /var /tmp /run /home /root';
    const files = await host().out(
      `find ${places} -xdev -type f -size -2000k -exec grep -l canary-telegram-7f3a {} + 2>/dev/null; true`,
    );
    const expected = [`${ROOT}/.env`, ...[1, 2, 3].map((n) => `/var/lib/fleet/jarvis/generations/${n}/env`)];
    expect(files.split('\n').sort()).toEqual(expected.sort());
    expect(await host().out('stat -c "%a %U" /var/lib/fleet /var/lib/fleet/jarvis/generations/*/env')).toBe(
      ['700 root', ...[1, 2, 3].map(() => '600 root')].join('\n'),
    );
  });

  step('secrets are in nothing that is printed: not in events, not in the plan, not for a person', async () => {
    project.env({ ...KEYS, XAI_API_KEY: 'canary-changed-55d1' });
    const runs = [
      await project.fleet('plan', '--all'),
      await project.human('plan', '--all', '--verbose'),
      await project.fleet('deploy', '--all', '--verbose'),
      await project.human('health', '--all', '--verbose'),
    ];
    for (const run of runs) expect(run).toMatchObject({ code: 0 });
    const said = runs.map((run) => run.stdout + run.stderr).join('');
    expect(said).toContain('.env');
    expect(said).not.toContain('canary');
  });

  step('.env that was opened up or edited by hand is put right', async () => {
    const before = await host().out(`cat ${ROOT}/.env`);
    await host().out(`echo JARVIS_MARKER=edited >>${ROOT}/.env; chmod 644 ${ROOT}/.env`);
    const run = await project.fleet('deploy', '--all');
    expect(run.code).toBe(0);
    expect(only(run)).toMatchObject({ outcome: 'deployed' });
    expect(await host().out(`cat ${ROOT}/.env`)).toBe(before);
    expect(await host().out(`stat -c '%a %U' ${ROOT}/.env`)).toBe('600 jarvis');
  });
});
