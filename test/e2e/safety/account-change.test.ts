import { afterAll, beforeAll, describe, expect } from 'vitest';
import { fleetProject, only, type Project } from '../fleet.ts';
import { little } from '../little.ts';
import { drawn, type Hosts, startHosts } from '../rig/index.ts';
import { story } from '../story.ts';

let hosts: Hosts<{ web: 'systemd'; edge: 'plain' }>;
beforeAll(async () => {
  hosts = await startHosts({ web: 'systemd', edge: 'plain' });
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

/** Writes what it has written before once more, and ends where it may not. */
const WRITES = `set -e
for folder in "$@" $STATE_DIRECTORY; do echo again >>"$folder/own"; done
while :; do sleep 1; done
`;

describe.each(drawn('web', 'edge'))('services that are to run as another account on %s', (name) => {
  const step = story();
  const host = () => hosts[name];
  const systemd = name === 'web';
  const app = little(`moves-${name}`, [name]);
  const { root, unit } = app;
  const state = `/var/lib/state-${name}`;
  let project: Project;

  const service = (user: string, more: string, folders: string) =>
    `[Service]\nUser=${user}\n${more}WorkingDirectory=${root}/current\nExecStart=/bin/sh serve.sh ${folders}\nRestart=no\n[Install]\nWantedBy=multi-user.target\n`;
  /** The playbook with this account; `data` is all that the app keeps, or nothing. */
  const as = (user: string, data: readonly string[] = ['data']) => {
    const more = data.length === 0 ? '' : `StateDirectory=state-${name}\n`;
    const folders = data.map((path) => `${root}/${path}`).join(' ');
    project.write(
      `units/${unit}`,
      service(user, more, `${folders}${data.length === 0 ? '' : ` /var/log/${app.name}`}`),
    );
    const logs = data.length === 0 ? [] : [{ directories: [{ path: `/var/log/${app.name}`, mode: '0750' }] }];
    const tasks = [{ user: { name: user } }, ...logs, ...app.playbook([name]).tasks];
    project.playbook(app.playbook([name], { user, data, tasks }));
  };
  const deploy = async () => only(await project.fleet('deploy', '--all'));
  const owner = (path: string) => host().out(`stat -c %U ${path}`);
  /** What the advice tells people to type that begins like this. */
  const commands = (advice: readonly string[], begin: string) =>
    advice
      .flatMap((text) => [...text.matchAll(/`([^`]+)`/g)].map(([, words = '']) => words))
      .filter((words) => words.startsWith(begin));

  beforeAll(async () => {
    project = await fleetProject({ ...app.parts, hosts: { [name]: host() } });
    project.write('app/serve.sh', WRITES);
    as('alpha');
    expect(await deploy()).toMatchObject({ outcome: 'deployed', failure: null });
  });
  afterAll(() => project?.[Symbol.asyncDispose]());

  step('are refused while their data are the old one’s, and both, the folders and the cure are named', async () => {
    as('beta');
    const plan = await project.fleet('plan', '--all');
    const ended = await deploy();
    for (const one of [only(plan), ended])
      expect(one).toMatchObject({ outcome: 'untouched', failure: { kind: 'account-changed' } });
    expect(ended.failure?.message).toContain(`${unit} ran as alpha and would run as beta`);
    for (const folder of [`${root}/data`, `/var/log/${app.name}`]) expect(ended.failure?.message).toContain(folder);
    // systemd gives it to the new account by itself; a supervisor gives but the folder.
    expect(ended.failure?.message.includes(state)).toBe(!systemd);
    expect(await host().out(`id beta 2>&1 || readlink ${root}/current`)).toContain('releases/1');
  });

  step('go on once the data were given to the new one as it was told', async () => {
    as('beta');
    const advice = (await deploy()).failure?.next ?? [];
    const typed = [...commands(advice, 'useradd'), ...commands(advice, 'chown -R beta:')];
    expect(typed).toHaveLength(2);
    await host().out(typed.join('\n'));
    // What runs as the old account is shut out by now; the folder that systemd gives away is still the old one's.
    expect(await owner(`${state}/own`)).toBe(systemd ? 'alpha' : 'beta');
    expect(await deploy()).toMatchObject({ outcome: 'deployed', failure: null });
    expect(await owner(`${state}/own`)).toBe('beta');
    expect(await host().out(`cat ${state}/own | wc -l`)).toBe('2');
  });

  step('are refused on the way back alike, which is open once the data were given back', async () => {
    const rollback = async () => only(await project.fleet('rollback', '--all'));
    const shut = await rollback();
    expect(shut).toMatchObject({ outcome: 'untouched', failure: { kind: 'account-changed', back: 1 } });
    expect(shut.failure?.message).toContain(`${unit} ran as beta and would run as alpha in generation 1`);
    expect(await host().out(`readlink ${root}/current; cat ${state}/own | wc -l`)).toBe('releases/2\n2');
    const typed = ['alpha', 'beta'].map((user) => commands(shut.failure?.next ?? [], `chown -R ${user}:`).join('\n'));
    await host().out(typed[0] ?? '');
    expect(await rollback()).toMatchObject({ outcome: 'rolled-back', generation: 1 });
    expect(await host().out(`cat ${state}/own | wc -l`)).toBe('3');
    await host().out(typed[1] ?? '');
    as('beta');
    expect(await deploy()).toMatchObject({ outcome: 'deployed', failure: null });
  });

  step('are refused for a group that opened the data, and not where the account still owns them', async () => {
    await host().out(
      `groupadd -f team; groupadd -f crew; chgrp -R team ${root}/data; chown -R root ${root}/data; chmod -R g=rwX ${root}/data`,
    );
    const grouped = (group: string) =>
      project.write(`units/${unit}`, service('beta', `Group=${group}\nStateDirectory=state-${name}\n`, `${root}/data`));
    as('beta');
    grouped('team');
    expect(await deploy()).toMatchObject({ outcome: 'deployed', failure: null });
    grouped('crew');
    const ended = await deploy();
    expect(ended).toMatchObject({ outcome: 'untouched', failure: { kind: 'account-changed' } });
    expect(ended.failure?.message).toBe(
      `${unit} ran as beta (team) and would run as beta (crew), which cannot open the data in ${root}/data`,
    );
    await host().out(`chown -R beta ${root}/data`);
    expect(await deploy()).toMatchObject({ outcome: 'deployed', failure: null });
  });

  step('go on where there is nothing that they could not open', async () => {
    as('beta', []);
    expect(await deploy()).toMatchObject({ outcome: 'deployed', failure: null });
    as('alpha', []);
    expect(await deploy()).toMatchObject({ outcome: 'deployed', failure: null });
  });
});
