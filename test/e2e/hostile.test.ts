import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeEnv } from '../../src/env/write.ts';
import { fleetProject, only, type Project } from './fleet.ts';
import { drawn, type Hosts, startHosts, type TestHost } from './rig/index.ts';
import { furnish, KINDS, NAMES } from './samples.ts';

let hosts: Hosts<typeof KINDS>;
beforeAll(async () => {
  hosts = await startHosts(KINDS);
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

/** What would run if any of it were ever read by a shell. */
const RUN = 'touch /tmp/pwned';
const NASTY = [
  'two  spaces',
  ' begins and ends with a space ',
  "it's",
  'say "hi"',
  `'; ${RUN}; '`,
  `"; ${RUN}; "`,
  `$(${RUN})`,
  `\`${RUN}\``,
  `; ${RUN}`,
  `| ${RUN} &`,
  ['$HOME $', '{PATH} $$'].join(''),
  '-rf',
  '--delete',
  'back\\slash \\n \\',
  '%n %h %% %',
  'glob * ? [a-z] {a,b} ~ !history #no comment',
  'ünïcödé 日本 🚀 é',
  'tab\there',
  'two\nlines',
  '{{ root }}',
];
/** As it is written in a playbook, where two braces begin a hole. */
const literal = (text: string) => text.replaceAll('{{', "{{ '{{' }}");
/** A file's name has neither a slash nor, in the root of the tree, the look of a path. */
const named = (text: string) => text.replaceAll('/', ':');

const FILES = NASTY.flatMap((text, i) => [
  [named(text), `file ${i}: ${text}\n`] as const,
  [`dir ${named(text)}/${named(text)}`, `${i}`] as const,
]);
const DATA = ['da ta', "it's data", `$(touch pwned)`, '`touch pwned`', 'a;touch pwned', 'ü 日本', '%n', 'deep/er & *'];
const ENV = NASTY.map((value, i) => ({ key: `NASTY_${i}`, value }));
const ROOT = '/opt/hostile';
const UNIT = 'hostile.service';
const OUTSIDE = "/opt/out side $(touch pwned)/it's; `touch pwned`.conf";

const body = {
  name: 'hostile',
  root: ROOT,
  vars: { nasty: `'"; ${RUN}; $(${RUN}) \`${RUN}\` 100%` },
  data: DATA,
  deploy: { settle: '1s', deadline: '30s' },
  tasks: [
    { directories: [{ path: "/opt/made $(touch pwned)/it's `touch pwned`; x", mode: '0755' }] },
    { sync: { from: `app $(touch pwned) "it's"`, exclude: ['*.skip me;'] } },
    { env: { from: 'secrets/app.env', required: ['NASTY_0'] } },
    {
      files: [
        { content: '{{ nasty }}\n', to: "conf $(touch pwned)/it's; `x`.conf" },
        { content: `${literal(NASTY.join('\n'))}\n`, to: OUTSIDE },
      ],
    },
    {
      run: {
        command: ['sh', '-c', 'for a; do printf "%s\\0" "$a"; done >words', 'sh', ...NASTY.map(literal), '{{ nasty }}'],
      },
    },
    { run: { command: ['touch', '--', '-made by run; x'] } },
    { units: { from: 'units', enable: [UNIT] } },
  ],
  health: [{ unit: UNIT }],
};

const SERVICE = `[Service]
WorkingDirectory=${ROOT}/current
EnvironmentFile=${ROOT}/.env
Environment="INLINE=a b; 'c' $HOME %% \\x41"
ExecStart=/bin/sh -c 'echo $$$$ >/tmp/hostile.pid; exec sleep 100000'
[Install]
WantedBy=multi-user.target
`;

async function hostile(name: string, host: TestHost): Promise<Project> {
  const project = await fleetProject({
    playbook: { ...body, hosts: [name] },
    hosts: { [name]: host },
    units: { [UNIT]: SERVICE },
  });
  for (const [path, content] of FILES) project.write(`app $(touch pwned) "it's"/${path}`, content);
  project.write(`app $(touch pwned) "it's"/x.skip me;`, 'never sent');
  project.write('secrets/app.env', writeEnv(ENV));
  return project;
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
const sha = (text: string) => createHash('sha256').update(text).digest('hex');
/** Every trace of a command that ran though it was only text, wherever it ran. */
const traces = (host: TestHost) =>
  host.out('find /tmp /opt /root /home /etc /var /run -xdev -name pwned; find / -maxdepth 1 -name pwned');

describe.each(drawn(...NAMES))('names and values full of shell, on %s', (name) => {
  const host = () => hosts[name];
  let project: Project;
  beforeAll(async () => {
    await furnish(host());
    project = await hostile(name, host());
  });
  afterAll(() => project?.[Symbol.asyncDispose]());

  it('are deployed as they are, and nothing of them is ever run', async () => {
    const run = await project.fleet('deploy', '--all');
    expect({ code: run.code, ...only(run) }).toMatchObject({ code: 0, outcome: 'deployed' });
    expect(await traces(host())).toBe('');
    for (const folder of [project.folder, process.cwd(), project.home]) {
      expect(existsSync(join(folder, 'pwned'))).toBe(false);
    }
    expect(existsSync('/tmp/pwned')).toBe(false);
    // It would have been found.
    await host().out(`cd ${ROOT}/data 2>/dev/null || cd ${ROOT}; eval ${quote(`$(${RUN}); touch pwned`)}`);
    expect((await traces(host())).split('\n')).toHaveLength(2);
    await host().out(`rm -f /tmp/pwned; find ${ROOT} -name pwned -exec rm {} +`);
    expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ outcome: 'unchanged' });
  });

  it('every file of the code is there under its name, byte for byte, and nothing else', async () => {
    const sums = FILES.map(([path]) => `sha256sum <${quote(`${ROOT}/current/${path}`)} | cut -c1-64`);
    expect((await host().out(sums.join('\n'))).split('\n')).toEqual(FILES.map(([, content]) => sha(content)));
    const made = ['words', '-made by run; x', "conf $(touch pwned)/it's; `x`.conf"];
    const regular = await host().out(`find ${ROOT}/current/ -type f -exec printf 'x\\n' \\; | wc -l`);
    expect(Number(regular)).toBe(FILES.length + made.length);
  });

  it('data folders are linked by their names, and lead to folders of the same names under the root', async () => {
    const looks = DATA.map(
      (path) => `readlink ${quote(`${ROOT}/current/${path}`)}; [ -d ${quote(`${ROOT}/${path}`)} ]`,
    );
    const links = await host().out(looks.join(' || exit\n'));
    expect(links.split('\n')).toEqual(DATA.map((path) => `${ROOT}/${path}`));
  });

  it('filled in files, words of commands and folders are what was meant', async () => {
    const nasty = body.vars.nasty;
    expect(await host().out(`cat ${quote(`${ROOT}/current/conf $(touch pwned)/it's; \`x\`.conf`)}`)).toBe(nasty);
    expect((await host().sh(`cat ${quote(OUTSIDE)}`)).stdout).toBe(`${NASTY.join('\n')}\n`);
    const words = (await host().sh(`cat ${ROOT}/current/words`)).stdout.split('\0').slice(0, -1);
    expect(words).toEqual([...NASTY, nasty]);
    await host().out(`[ -d ${quote("/opt/made $(touch pwned)/it's `touch pwned`; x")} ]`);
  });

  it("the running service's own environment has every value unchanged", async () => {
    const raw = (await host().sh(`cat /proc/$(cat /tmp/hostile.pid)/environ`)).stdout;
    const environ = new Map(
      raw.split('\0').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    );
    for (const { key, value } of ENV) expect([key, environ.get(key)]).toEqual([key, value]);
    expect(environ.get('INLINE')).toBe("a b; 'c' $HOME % A");
  });

  it('health, rollback and removal find their way through them too', async () => {
    expect((await project.fleet('health', '--all')).code).toBe(0);
    const run = await project.fleet('rollback', '--all', '--full', '--yes');
    expect({ code: run.code, ...only(run) }).toMatchObject({ code: 0, outcome: 'removed' });
    expect(await host().out('ls -A /opt 2>/dev/null; true')).not.toMatch(/^(hostile|made .*)$/m);
    expect((await host().sh(`cat ${quote(OUTSIDE)}`)).code).not.toBe(0);
    expect(await traces(host())).toBe('');
  });
});

it.each<[string, object, string]>([
  ['a data folder that looks like an option', { data: ['-rf'] }, 'must not begin with "-"'],
  ['a data folder with a space around it', { data: [' around '] }, 'must not begin or end with a space'],
  ['a data folder with a line break', { data: ['a\nb'] }, 'must not contain control characters'],
  ['a data folder that leads out', { data: ['../x'] }, 'must not contain "//", "." or ".."'],
  ['a root with a command in it', { root: '/opt/$(touch pwned)' }, 'must consist of letters, digits and "_.@+-/"'],
  ['an app with a space', { name: 'two words' }, 'must consist of letters, digits'],
  ['an account with a semicolon', { user: 'a;b' }, 'must consist of letters, digits'],
  [
    'a file with a line break',
    { tasks: [{ files: [{ content: 'x', to: 'a\nb' }] }] },
    'must not contain control characters',
  ],
  [
    'a file that leads out',
    { tasks: [{ files: [{ content: 'x', to: '../a' }] }] },
    'must not contain empty, "." or ".." parts',
  ],
])('%s is refused with the place and the reason, offline', async (_what, change, reason) => {
  const base = { name: 'hostile', hosts: ['web'], root: ROOT };
  await using project = await fleetProject({ hosts: {}, playbook: { ...base, ...change } });
  project.write('inventory/hosts.yaml', 'hosts: { web: { address: 127.0.0.1, port: 1 } }\n');
  const checked = await project.human('check');
  expect(checked.code).toBe(2);
  expect(checked.stdout + checked.stderr).toMatch(/playbooks\/app\.yaml:\d+:\d+/);
  expect(checked.stdout + checked.stderr).toContain(reason);
});

it('unit files whose names systemd would not take are refused by name, offline', async () => {
  await using project = await fleetProject({
    hosts: {},
    playbook: { name: 'hostile', hosts: ['web'], root: ROOT, tasks: [{ units: { from: 'units' } }] },
    units: { '-x.service': SERVICE, 'two words.service': SERVICE, '$(touch pwned).service': SERVICE },
  });
  project.write('inventory/hosts.yaml', 'hosts: { web: { address: 127.0.0.1, port: 1 } }\n');
  const { code, stderr } = await project.human('check');
  expect(code).toBe(2);
  for (const words of ['-x.service', 'two words.service', '$(touch pwned).service', 'no "-" first']) {
    expect(stderr).toContain(words);
  }
});
