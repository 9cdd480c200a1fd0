import { describe, expect, it } from 'vitest';
import { besides } from '../../src/engine/plan/beside.ts';
import { parseFacts } from '../../src/host/facts.ts';

const ROOT = '/opt/app';
const UNITS = {
  'app.service': 'WorkingDirectory=/opt/app/current\nExecStart=/usr/bin/python3 -u supervisor.py',
  'direct.service': 'ExecStart=/opt/app/current/bin/server --port 80',
  'module.service': 'WorkingDirectory=/opt/app/current\nExecStart=/opt/app/current/venv/bin/python -m app.main --all',
  'shell.service': "ExecStart=/bin/sh -c 'cd /opt/app/current && exec node poll.js'",
  'bot@.service': 'WorkingDirectory=/opt/app/current\nExecStart=/usr/bin/env python3 bots/%i.py',
  'clean.service': 'Type=oneshot\nExecStart=/opt/app/current/clean.sh',
};
const wanted = {
  units: [
    ...Object.entries(UNITS).map(([path, text]) => ({ path, text: `[Service]\n${text}\n` })),
    { path: 'clean.timer', text: '[Timer]\nOnCalendar=daily\n' },
  ],
  enable: ['app.service', 'direct.service', 'module.service', 'shell.service', 'bot@one.service', 'clean.timer'],
};

type Process = {
  pid?: number;
  parent?: number;
  account?: string;
  unit?: string;
  terminal?: boolean;
  cwd?: string;
  exe?: string;
};
const told = (argv: readonly string[], one: Process = {}) => {
  const { pid = 10, parent = 1, account = 'bob', unit = '-', terminal = false, cwd = ROOT, exe = '/usr/bin/x' } = one;
  const words = [cwd, exe, ...argv, ''].join('\x1f');
  return `beside-process ${pid} ${parent} ${account} ${unit} ${terminal ? 'yes' : 'no'}\x1f${words}`;
};
const judge = (reply: readonly string[], runtime: 'systemd' | 'nohup' = 'systemd') =>
  besides(ROOT, wanted, runtime, parseFacts(reply.join('\n')));
const copies = (reply: readonly string[]) => judge(reply).map(({ copyOf }) => copyOf.join(' '));

describe('a process that runs the same program as a service', () => {
  it.each<[string, string[], Process, string]>([
    ['from the root by hand', ['python3', 'supervisor.py'], {}, 'app.service'],
    ['another python, options', ['/usr/bin/python3.11', '-B', './supervisor.py', 'x'], {}, 'app.service'],
    ['by its whole path, from elsewhere', ['python3', '/opt/app/supervisor.py'], { cwd: '/root' }, 'app.service'],
    ['in a release', ['python3', 'supervisor.py'], { cwd: '/opt/app/releases/3' }, 'app.service'],
    ['with a path that goes up', ['python3', '../supervisor.py'], { cwd: '/opt/app/bots' }, 'app.service'],
    ['a program itself, by what it runs', ['./server'], { cwd: '/', exe: '/opt/app/bin/server' }, 'direct.service'],
    ['a module', ['python3', '-m', 'app.main', '--all'], {}, 'module.service'],
    ['in a shell', ['sh', '-c', 'while :; do node poll.js; done'], {}, 'shell.service'],
    ['what a shell of a unit runs', ['node', 'poll.js'], {}, 'shell.service'],
    ['an instance', ['python3', 'bots/one.py'], {}, 'bot@one.service'],
    ['the job of a timer', ['/bin/sh', '/opt/app/clean.sh'], {}, 'clean.service'],
    ['in a unit of the host', ['python3', 'supervisor.py'], { unit: 'old.service' }, 'app.service'],
    ['at a terminal', ['python3', 'supervisor.py'], { terminal: true }, 'app.service'],
  ])('is a second copy: %s', (_, argv, one, name) => expect(copies([told(argv, one)])).toEqual([name]));

  it.each<[string, string[], Process]>([
    ['another script', ['python3', 'other.py'], {}],
    ['another instance', ['python3', 'bots/two.py'], {}],
    ['another module', ['python3', '-m', 'app.other'], {}],
    ['another program with the interpreter of the app', ['/opt/app/venv/bin/python', 'other.py'], {}],
    ['what reads it', ['tail', '-F', 'supervisor.py'], {}],
    ['an editor', ['vim', 'supervisor.py'], {}],
    ['one that names the root', ['tar', 'czf', '/backup.tgz', '/opt/app'], { cwd: '/' }],
  ])('and is none: %s', (_, argv, one) => expect(copies([told(argv, one)])).toEqual(['']));

  it.each<[string, string[], Process]>([
    ['a login shell', ['-bash'], {}],
    ['a shell at a terminal', ['bash', '-i'], { terminal: true }],
    ['an editor at one', ['vim', '/opt/app/supervisor.py'], { terminal: true, cwd: '/root' }],
    ['somebody who looks at a log', ['tail', '-f', 'logs/app.log'], { terminal: true }],
    ['what keeps a session', ['tmux', 'new', '-d', 'python3 supervisor.py'], {}],
    ['what waits for another', ['timeout', '9', 'sh', 'x'], {}],
    ['what came over SSH', ['sshd: bob@pts/0'], {}],
    ['one of another folder', ['python3', '/opt/app2/supervisor.py'], { cwd: '/opt/app2' }],
    ['a unit that ours replaces', ['python3', 'supervisor.py'], { unit: 'app.service' }],
    ['an instance of one', ['python3', 'bots/one.py'], { unit: 'bot@one.service' }],
  ])('and nobody is told of %s', (_, argv, one) => expect(judge([told(argv, one)])).toEqual([]));

  it('is one also in a unit of the host with the name of ours, where ours is none of systemd', () => {
    expect(judge([told(['python3', 'supervisor.py'], { unit: 'app.service' })], 'nohup')).toHaveLength(1);
  });

  it('is told once with its workers, and with what keeps it', () => {
    const run = ['python3', 'supervisor.py'];
    const all = judge([
      told(['-bash'], { pid: 5 }),
      told(['sh', 'run.sh'], { pid: 10, parent: 5 }),
      told(run, { pid: 11, parent: 10 }),
      told(run, { pid: 12, parent: 11 }),
      told(['python3', 'bots/two.py'], { pid: 13, parent: 11 }),
      told(['python3', 'other.py'], { pid: 20 }),
    ]);
    expect(all.map((one) => [one.by === 'process' && one.pid, one.copyOf.join()])).toEqual([
      [10, 'app.service'],
      [11, 'app.service'],
      [20, ''],
    ]);
  });
});

const line = (text: string, { who = 'bob', file = '/var/spool/cron/crontabs/bob', home = '/home/bob' } = {}) =>
  `beside-line ${who} ${file} ${home} ${text}`;
const system = (text: string, file = '/etc/cron.d/app') => line(text, { who: '-', file, home: '-' });

describe('a line that starts the same program as a service', () => {
  it.each<[string, string, string]>([
    ['at boot', line('@reboot cd /opt/app && nohup python3 supervisor.py >>log 2>&1 &'), 'app.service'],
    ['every minute', line('* * * * * pgrep -f super || python3 /opt/app/supervisor.py'), 'app.service'],
    ['of the system, with an account', system('*/5 * * * * bob /opt/app/bin/server'), 'direct.service'],
    ['of rc.local', system('su - bob -c "cd /opt/app && ./bin/server" &', '/etc/rc.local'), 'direct.service'],
    ['as another account', system('@reboot root sudo -u bob python3 /opt/app/supervisor.py'), 'app.service'],
    ['in a screen', line("@reboot screen -dmS bot sh -c 'cd /opt/app; python3 supervisor.py'"), 'app.service'],
    ['with a lock', line('* * * * * flock -n /tmp/x python3 /opt/app/supervisor.py'), 'app.service'],
    ['a module', line('@reboot cd /opt/app && python3 -m app.main --all'), 'module.service'],
    ['from home', line('@reboot python3 supervisor.py', { home: ROOT }), 'app.service'],
    ['below home', line('@reboot cd ~/app && python3 supervisor.py', { home: '/opt' }), 'app.service'],
    ['below home, by its name', line('@reboot python3 $HOME/app/supervisor.py', { home: '/opt' }), 'app.service'],
  ])('is told: %s', (_, text, name) => expect(copies([text])).toEqual([name]));

  it('is told by a setting that it uses', () => {
    expect(copies([line('APP="/opt/app"'), line('@reboot cd $APP && python3 supervisor.py')])).toEqual(['app.service']);
  });

  it('names the account that it runs as, and its file', () => {
    expect(judge([system('@reboot\tbob\tpython3 /opt/app/supervisor.py'.replaceAll('\t', ' '))])).toEqual([
      {
        ...{ by: 'line', account: 'bob', file: '/etc/cron.d/app', copyOf: ['app.service'] },
        command: '@reboot bob python3 /opt/app/supervisor.py',
      },
    ]);
  });

  it.each([
    ['a backup', line('0 3 * * * tar czf /backup.tgz /opt/app')],
    ['one that looks whether it runs', line('* * * * * pgrep -f /opt/app/supervisor.py || mail root')],
    ['another script', line('0 3 * * * cd /opt/app && python3 report.py')],
  ])('and is told as none: %s', (_, text) => expect(copies([text])).toEqual(['']));

  it.each([
    ['a line of the same crontab that has nothing to do with it', line('0 3 * * * /usr/bin/true')],
    ['another folder', line('@reboot python3 /opt/app2/supervisor.py')],
    ['a setting alone', line('APP=/opt/app')],
    ['what is no line', line('/opt/app')],
  ])('and nobody is told of %s', (_, text) => expect(judge([text])).toEqual([]));
});

describe('what the host says of them', () => {
  it.each([
    ['a number that is none', 'beside-process 1x 1 bob - no\x1f/opt/app\x1f/x\x1fpython3\x1fsupervisor.py'],
    ['none', 'beside-process  1 bob - no\x1f/opt/app\x1f/x\x1fpython3\x1fsupervisor.py'],
    [
      'one that is too long',
      `beside-process ${'1'.repeat(30)} 1 bob - no\x1f/opt/app\x1f/x\x1fpython3\x1fsupervisor.py`,
    ],
    ['a word alone', 'beside-process'],
    ['a line alone', 'beside-line'],
  ])('counts for nothing with %s', (_, text) => expect(judge([text])).toEqual([]));

  it('is bounded', () => {
    const many = Array.from({ length: 5000 }, (_, i) => told(['x', ROOT], { pid: i + 2 }));
    expect(judge([...many, ...many.map(() => line('@reboot /opt/app/x'))]).length).toBeLessThanOrEqual(400);
  });

  it('takes a circle of parents', () => {
    const run = ['python3', 'supervisor.py'];
    expect(judge([told(run, { pid: 7, parent: 8 }), told(['sh', 'a'], { pid: 8, parent: 7 })]).length).toBeGreaterThan(
      0,
    );
  });
});
