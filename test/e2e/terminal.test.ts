import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { text } from '../text.ts';
import { cli, environment, fleetProject, type Project } from './fleet.ts';
import { little, standing } from './little.ts';
import { onTerminal } from './pty.ts';
import { type Hosts, startHosts } from './rig/index.ts';

let hosts: Hosts<{ left: 'plain'; right: 'plain' }>;
let project: Project;
let count = 0;
const app = little('shown', ['left', 'right']);

beforeAll(async () => {
  hosts = await startHosts({ left: 'plain', right: 'plain' });
});
afterAll(() => hosts?.[Symbol.asyncDispose]());
beforeEach(async () => {
  project = await fleetProject({ ...app.parts, hosts: { left: hosts.left, right: hosts.right } });
  count += 1;
  project.write('app/VERSION', `${count}\n`);
});
afterEach(() => project?.[Symbol.asyncDispose]());

const deployed = async () => {
  for (const host of [hosts.left, hosts.right]) expect(await standing(host, app)).toMatchObject({ 1: `${count}` });
};
const COLOUR = /\x1b\[\d+m/;
/** Signs of the rows that are drawn while a run goes on. */
const LIVE = /[▸·✔] +(left|right) |\d+ (running|waiting)/;

describe('on a terminal of 80 columns and 24 rows', () => {
  it('the rows of the live view give way to the summary, and the cursor is back', async () => {
    const { code, bytes, screen } = await onTerminal(project, ['deploy', '--all']);
    expect(code).toBe(0);
    await deployed();
    // It was there.
    expect(bytes).toMatch(LIVE);
    expect(bytes).toMatch(COLOUR);
    const seen = screen();
    expect(seen.all()).not.toMatch(LIVE);
    expect(seen.cursorShown).toBe(true);
    // What was done, how it ended, where the time went, and what to type next; also what has been scrolled away by it.
    const lines = seen.all().split('\n');
    expect(lines[0]).toMatch(/^left and right \(nohup\): first deploy: \d+ changes$/);
    const table = lines.findIndex((line) => /^HOST +APP +OUTCOME +GENERATION +TIME +REASON$/.test(line));
    expect(lines[table + 1]).toMatch(/^left +shown +deployed +\d+ /);
    expect(lines[table + 2]).toMatch(/^right +shown +deployed +\d+ /);
    expect(lines[table + 4]).toBe('deploy: 2 deployed');
    expect(lines[table + 5]).toMatch(/^(left|right) took /);
    expect(lines.join('\n')).toMatch(/^→ `fleet status --host left --host right --app shown` shows/m);
  });

  it('with NO_COLOR there is no colour, and the view is live all the same', async () => {
    const { code, bytes, screen } = await onTerminal(project, ['deploy', '--all'], { env: { NO_COLOR: '1' } });
    expect(code).toBe(0);
    expect(bytes).toMatch(LIVE);
    expect(bytes).not.toMatch(COLOUR);
    expect(screen().all()).not.toMatch(LIVE);
  });

  it('a secret that is typed is not shown, and stands in the env file alone', async () => {
    const { tasks, ...rest } = app.playbook(['left', 'right']);
    project.playbook({ ...rest, tasks: [...tasks, { env: { from: 'secrets/app.env' } }] });
    project.env({ TOKEN: 'old' });
    const typed = 'canary-typed-08b2';
    const set = await onTerminal(project, ['env', 'set', 'TOKEN'], {
      typed: { when: 'value of TOKEN', keys: `${typed}\r` },
    });
    expect({ code: set.code, shown: set.bytes.includes(typed) }).toEqual({ code: 0, shown: false });
    expect(readFileSync(join(project.folder, 'secrets/app.env'), 'utf8')).toBe(`TOKEN=${typed}\n`);
    // Where a question shows what is typed it does.
    const asked = await onTerminal(project, ['deploy'], { typed: { when: '[y/N]', keys: `${typed}\r` } });
    expect({ code: asked.code, shown: asked.bytes.includes(typed) }).toEqual({ code: 2, shown: true });
  });

  it('a note in the middle of the run leaves nothing of the live rows behind', async () => {
    await using unpinned = await fleetProject({
      ...app.parts,
      hosts: {
        left: { host: hosts.left, fields: { hostKey: undefined } },
        right: { host: hosts.right, fields: { hostKey: undefined } },
      },
    });
    const { code, screen } = await onTerminal(unpinned, ['deploy', '--all', '--accept-new']);
    expect(code).toBe(0);
    const seen = screen();
    expect(seen.all()).toContain('on first use');
    expect(seen.all()).not.toMatch(LIVE);
  });

  it('Ctrl-C gives the terminal back with the summary on it', async () => {
    project.playbook(app.playbook(['left', 'right'], { deploy: { settle: '4s', deadline: '20s' } }));
    const { code, bytes, screen } = await onTerminal(project, ['deploy', '--all'], {
      typed: { when: 'watching whether', keys: '\x03' },
    });
    expect(code).toBe(130);
    expect(bytes).toContain('fleet: stopping');
    const shown = screen();
    expect(shown.cursorShown).toBe(true);
    expect(shown.all()).toContain('deploy: 2 reverted');
    expect(shown.all()).not.toMatch(LIVE);
  });
});

describe('a reader that goes away', () => {
  async function shell(script: string) {
    const child = spawn('bash', ['-c', script, 'bash', process.execPath, cli], {
      cwd: project.folder,
      env: environment(project.home),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { lines: stdout.trim().split('\n'), stderr };
  }

  it.each(['', '--json'])('after the first line of `fleet deploy %s` ends nothing but the output', async (json) => {
    const { lines, stderr } = await shell(`"$1" "$2" deploy --all ${json} | head -1; echo "code \${PIPESTATUS[0]}"`);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toBe('code 0');
    expect(stderr).toBe('');
    await deployed();
  });

  it('before the first line ends nothing at all', async () => {
    const { lines, stderr } = await shell('"$1" "$2" deploy --all >&-; echo "code $?"');
    expect(lines).toEqual(['code 0']);
    expect(stderr).toBe('');
    await deployed();
  });
});
