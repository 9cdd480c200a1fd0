import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { startHost, type TestHost } from '../rig/index.ts';
import { attack, type Build } from './attack.ts';
import { type Victim, victim } from './victim.ts';

// Settings that every program heeds, in the app's own env: here the loader's trace, whose files lie where the app can
// put links and pipes. A library to load beforehand would do the same.

let host: TestHost;
beforeAll(async () => {
  host = await startHost('web', 'systemd');
});
afterAll(() => host?.[Symbol.asyncDispose]());

/** An app whose programs say in its data folder what they load. */
async function traced(build: Build, id: string): Promise<Victim> {
  const it = await victim(host, build, id);
  await it.deploy();
  it.project.env({ LD_DEBUG: 'libs', LD_DEBUG_OUTPUT: `${it.root}/data/trace` });
  it.tasks([{ env: { from: 'secrets/app.env' } }]);
  return it;
}

attack('C7', "a program of root's that has the app's environment", async (build) => {
  await using it = await traced(build, 'c7');
  const { outcome, words } = await it.deploy();
  const files = await host.out(`find ${it.root}/data -type f -exec stat -c '%U %n' {} +`);
  const won = files.split('\n').some((line) => line.startsWith('root '));
  return { won, tries: 1, refused: outcome === 'untouched', evidence: `${outcome} ${words}: ${files}` };
});

attack('C7-hang', 'one that waits for ever', async (build) => {
  await using it = await traced(build, 'c7h');
  const last = Number(await host.out('sh -c "echo \\$\\$"'));
  await it.as(
    `cd ${it.root}/data && i=${last}; while [ $i -lt ${last + 4000} ]; do echo trace.$i; i=$((i + 1)); done | xargs mkfifo`,
  );
  const running = it.project.start(['deploy', '--all', '--json']);
  const patience = build.once ? 20_000 : 45_000;
  const ended = await Promise.race([running.ended, sleep(patience, null, { ref: false })]);
  if (ended === null) {
    running.child.kill('SIGKILL');
    await running.ended;
    // Whoever waits there goes on.
    await host.out(`cd ${it.root}/data && timeout 5 cat trace.* >/dev/null; pkill -u root -x env; true`);
  }
  const evidence = ended === null ? `not over after ${patience} ms` : `over with ${ended.code}`;
  return { won: ended === null, tries: 1, refused: false, evidence };
});
