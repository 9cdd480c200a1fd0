import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { text } from '../../text.ts';
import { only, type Project, parseRun, type Run } from '../fleet.ts';
import { drawn, startHost, type TestHost } from '../rig/index.ts';
import { become, faultyProject, ROOT, type Version } from './app.ts';
import { differences, look, quiet, withoutStaged } from './look.ts';
import { random, SEED, tally, times } from './sweep.ts';

const CLI = fileURLToPath(new URL('../../../dist/bin/fleet.js', import.meta.url));

/** The real command in a process group of its own, so that all of it can be killed at once. */
function begin(project: Project): { child: ChildProcess; ended: Promise<Run>; kill: () => void } {
  const env = {
    PATH: process.env.PATH,
    HOME: project.home,
    FLEET_SSH_CONFIG: `${project.home}/ssh_config`,
    NO_COLOR: '1',
  };
  const child = spawn(process.execPath, [CLI, 'deploy', '--all', '--json'], {
    ...{ cwd: project.folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  });
  const closed = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? -1));
  });
  const all = Promise.all([closed, text(child.stdout as never), text(child.stderr as never)]);
  const ended = all.then(([code, stdout, stderr]) =>
    code === -1 ? { code, stdout, stderr, events: [], summary: null } : parseRun({ code, stdout, stderr }),
  );
  const kill = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  };
  return { child, ended, kill };
}

describe.each(drawn(['web', 'systemd'], ['edge', 'plain']))('on %s', (name, kind) => {
  let host: TestHost;
  let project: Project;
  let usualMs = 0;
  const whole = new Map<Version | 'none', string[]>();
  const should = (what: Version | 'none') => whole.get(what) ?? [];
  const active = async () => Number((await host.out(`readlink ${ROOT}/current || echo x/0`)).split('/')[1]);

  beforeAll(async () => {
    host = await startHost(name, kind);
    project = await faultyProject(host);
    whole.set('none', await look(host));
    for (const version of ['one', 'two'] as const) {
      become(project, version);
      const begun = Date.now();
      expect((await project.fleet('deploy', '--all')).code).toBe(0);
      usualMs = Date.now() - begun;
      whole.set(version, await look(host));
    }
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await host?.[Symbol.asyncDispose]();
  });

  async function whatStands(states: readonly (Version | 'none')[]): Promise<string> {
    const now = withoutStaged(await look(host));
    const found = states.find((state) => differences(now, withoutStaged(should(state))).length === 0);
    return (
      found ??
      `between:\n${states.map((state) => `not ${state}:\n${differences(now, withoutStaged(should(state))).join('\n')}`).join('\n')}`
    );
  }

  /** The next commands: status tells the truth, deploy brings the version that was wanted. @returns what is wrong */
  async function nextCommands(wanted: Version): Promise<string[]> {
    const wrong: string[] = [];
    const status = await project.fleet('status', '--all');
    const generation = await active();
    if (status.code !== 0 || !status.stdout.includes(`"generation":${generation}`))
      wrong.push(`status: ${status.code} ${status.stdout}${status.stderr}, active is ${generation}`);
    const next = await project.fleet('deploy', '--all');
    if (next.code !== 0) wrong.push(`the next deploy: ${next.code} ${next.stdout.slice(-600)}${next.stderr}`);
    wrong.push(...differences(await look(host), should(wanted)));
    return wrong;
  }

  it('a controller that is killed at any moment of an upgrade leaves one version or the other', {
    timeout: 3_600_000,
  }, async () => {
    const draw = random(SEED + 11);
    const wrong: string[] = [];
    let [before, after]: [Version, Version] = ['two', 'one'];
    const ends = new Map<string, number>();
    const tries = times(1, 40);
    for (let i = 0; i < tries; i += 1) {
      become(project, after);
      const run = begin(project);
      const at = Math.floor(draw() * usualMs);
      await sleep(at);
      run.kill();
      await run.ended;
      await quiet(host);
      const stands = await whatStands([before, after]);
      ends.set(stands, (ends.get(stands) ?? 0) + 1);
      if (stands.startsWith('between')) wrong.push(`killed after ${at} ms, ${before} to ${after}; the host: ${stands}`);
      const rest = await nextCommands(after);
      if (rest.length > 0) wrong.push(`killed after ${at} ms, ${before} to ${after}; then: ${rest.join('\n')}`);
      [before, after] = [after, before];
    }
    tally(`${name}: controller killed in upgrades ${tries} times; ${JSON.stringify([...ends])}`, wrong);
  });

  it('a power cut at any moment of an upgrade: the host boots into one version or the other by itself', {
    timeout: 3_600_000,
  }, async () => {
    const draw = random(SEED + 12);
    const wrong: string[] = [];
    become(project, 'two');
    await project.fleet('deploy', '--all');
    let [before, after]: [Version, Version] = ['two', 'one'];
    const tries = times(1, 20);
    for (let i = 0; i < tries; i += 1) {
      become(project, after);
      const run = begin(project);
      const at = Math.floor((0.2 + draw() * 0.8) * usualMs);
      await sleep(at);
      await host.kill();
      await host.start();
      const stands = await settled(() => whatStands([before, after]));
      if (stands.startsWith('between')) wrong.push(`cut after ${at} ms, ${before} to ${after}; the host: ${stands}`);
      const ended = await run.ended;
      const { outcome } = only(ended);
      const fits = outcome === 'deployed' ? stands === after : outcome === 'unknown' || stands === before;
      if (!fits) wrong.push(`cut after ${at} ms, ${before} to ${after}: said ${outcome}, stands ${stands}`);
      const rest = await nextCommands(after);
      if (rest.length > 0) wrong.push(`cut after ${at} ms, ${before} to ${after}; then: ${rest.join('\n')}`);
      [before, after] = [after, before];
    }
    tally(`${name}: power cut in upgrades ${tries} times`, wrong);
    expect(wrong.join('\n\n')).toBe('');
  });

  it('a controller that is killed at any moment of a first deploy leaves nothing live or all of it', {
    timeout: 3_600_000,
  }, async () => {
    const draw = random(SEED + 13);
    const wrong: string[] = [];
    const tries = times(1, 30);
    become(project, 'one');
    for (let i = 0; i < tries; i += 1) {
      expect((await project.fleet('rollback', '--full', '--all', '--yes')).code).toBe(0);
      expect(differences(await look(host), should('none'))).toEqual([]);
      const run = begin(project);
      const at = Math.floor(draw() * usualMs);
      await sleep(at);
      run.kill();
      await run.ended;
      await quiet(host);
      const stands = await whatStands(['none', 'one']);
      if (stands.startsWith('between')) wrong.push(`killed after ${at} ms; the host: ${stands}`);
      const rest = await nextCommands('one');
      if (rest.length > 0) wrong.push(`killed after ${at} ms; then: ${rest.join('\n')}`);
    }
    tally(`${name}: controller killed in first deploys ${tries} times`, wrong);
    expect(wrong.join('\n\n')).toBe('');
  });

  /** What a host has come to once two looks agree; what a boot starts takes a moment. */
  async function settled(see: () => Promise<string>): Promise<string> {
    let last = await see();
    for (const end = Date.now() + 30_000; last.startsWith('between') && Date.now() < end; ) {
      await sleep(500);
      last = await see();
    }
    return last;
  }
});
