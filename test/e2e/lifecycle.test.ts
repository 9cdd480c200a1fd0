import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetProject, only, type Project } from './fleet.ts';
import { type Hosts, startHosts } from './rig/index.ts';
import { ask, KINDS, NAMES, sample } from './samples.ts';

let hosts: Hosts<typeof KINDS>;
const projects: Project[] = [];

beforeAll(async () => {
  hosts = await startHosts(KINDS);
});
afterAll(async () => {
  await Promise.all(projects.map((project) => project[Symbol.asyncDispose]()));
  await hosts?.[Symbol.asyncDispose]();
});

describe.each(NAMES)('on %s', (name) => {
  it('x', async () => {
    const host = hosts[name];
    const project = await fleetProject({ ...sample(name), hosts: { [name]: host } });
    projects.push(project);
    const run = await project.fleet('deploy', '--all');
    console.log(run.stdout, run.stderr);
    console.log(only(run));
    console.log(await ask(host));
  });
});
