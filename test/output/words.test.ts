import { expect, test } from 'vitest';
import type { Beside } from '../../src/model/beside.ts';
import { generationId } from '../../src/model/ids.ts';
import type { Failure, HostOutcome, Left, LoginCause, LoginUnusable } from '../../src/model/outcome.ts';
import { explain } from '../../src/output/messages/failures/failure.ts';
import { ended, explainOutcome } from '../../src/output/messages/outcome.ts';
import { noSuchUnit } from '../../src/output/messages/work.ts';
import { HELD, HISTORY, HOLD, STATUS } from './reports.ts';

const HERE = { hosts: ['web-1'], app: 'jarvis' };
/** A public key that was made up for this test, and its fingerprint as `ssh-keygen -lf` prints it. */
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHXxdMnxz3PK+P43DsPFM2XgXqc5tuQnBhQzQvLKDVcX';
const FINGERPRINT = 'SHA256:ckCFDQjVXvPeUm38j7dZqm9qO752Ae4t+1o1lK/FPys';

const unit = (name: string, more = {}) => ({
  unit: name,
  result: 'exit-code',
  status: 203,
  cause: 'the program of ExecStart cannot be executed',
  fix: 'Check the path in ExecStart and its mode.',
  log: ['line 1', 'line 2'],
  ...more,
});

/** What a person has started, and what starts it. */
const HAND = {
  ...{ by: 'process', pid: 4242, account: 'clawd', unit: null, cwd: '/opt/jarvis', copyOf: ['jarvis.service'] },
  command: 'python3 bots/supervisor.py',
} as const satisfies Beside;
const STARTING: readonly Beside[] = ['/var/spool/cron/crontabs/clawd', '/etc/cron.d/jarvis', '-'].map((file) => ({
  ...{ by: 'line', account: 'clawd', file, copyOf: ['jarvis.service'] },
  command: '@reboot cd /opt/jarvis && python3 bots/supervisor.py',
}));

const JARVIS = { login: 'jarvis@192.0.2.30', user: 'jarvis' };
const trouble = (cause: LoginCause, more: Partial<LoginUnusable> = {}): LoginUnusable => ({
  ...{ kind: 'login-unusable', login: 'root@192.0.2.30', user: 'root', cause, hint: '', status: null, said: [] },
  ...more,
});
const LOGINS: { readonly [K in LoginCause]: readonly Partial<LoginUnusable>[] } = {
  'other-user': [
    { hint: 'ubuntu', status: 142, said: ['Please login as the user "ubuntu" rather than the user "root".'] },
  ],
  'password-expired': [{ status: 1, said: ['WARNING: Your password has expired.'] }],
  'account-expired': [{ said: ['Your account has expired; please contact your system administrator.'] }],
  closed: [{ login: 'at the jump host: deploy@192.0.2.1', user: 'deploy', said: ['Back at noon.'] }],
  'sftp-only': [{ status: 1, said: ['This service allows sftp connections only.'] }],
  'no-shell': [{ status: 1, said: ['This account is currently not available.'] }],
  'forced-command': [{ hint: '/root/.ssh/authorized_keys:3', status: 0 }],
  'ends-early': [{ status: 0 }, { status: 1 }],
  'reads-input': [{ said: ['Press enter'] }],
  silent: [{}],
};
const LOGIN_TROUBLES = Object.entries(LOGINS).flatMap(([cause, all]) =>
  all.map((more) => trouble(cause as LoginCause, more)),
);

/** Every kind, so that a new one fails to compile here first. */
const FAILURES: { readonly [K in Failure['kind']]: readonly Extract<Failure, { kind: K }>[] } = {
  unreachable: [{ kind: 'unreachable', detail: 'connect ETIMEDOUT 192.0.2.30:22' }],
  'auth-refused': [
    { kind: 'auth-refused', detail: 'publickey was refused for root' },
    {
      ...{ kind: 'auth-refused', detail: 'root@192.0.2.30 refused the login: a key was accepted, and is not enough' },
      lack: { wants: ['keyboard-interactive'], besides: true },
    },
    {
      ...{ kind: 'auth-refused', detail: 'root@192.0.2.30 refused the login: none was accepted' },
      lack: { wants: ['password', 'keyboard-interactive'], besides: false },
    },
  ],
  'login-unusable': LOGIN_TROUBLES,
  'no-forwarding': [
    {
      ...{ kind: 'no-forwarding', login: 'root@192.0.2.30', user: 'root', wanted: 'checks', key: '' },
      to: ['127.0.0.1:8000', '127.0.0.1:6379'],
    },
    {
      ...{ kind: 'no-forwarding', login: 'root@192.0.2.30', user: 'root', wanted: 'checks', to: ['127.0.0.1:8000'] },
      key: '/root/.ssh/authorized_keys:1',
    },
    { kind: 'no-forwarding', login: 'hop@192.0.2.1', user: 'hop', wanted: 'jump', to: ['192.0.2.30:22'], key: '' },
  ],
  'code-login-refused': [
    { kind: 'code-login-refused', uploadUser: 'jarvis', detail: 'jarvis@192.0.2.30 refused the login' },
    {
      ...{ kind: 'code-login-refused', uploadUser: 'jarvis', detail: '' },
      login: trouble('no-shell', { ...JARVIS, status: 1, said: ['This account is not available.'] }),
    },
  ],
  'host-key-unknown': [
    { kind: 'host-key-unknown', detail: 'it is not in /home/a/.ssh/known_hosts', presented: KEY },
    { kind: 'host-key-unknown', detail: '/home/a/.ssh/known_hosts cannot be read', presented: '' },
  ],
  'host-key-changed': [{ kind: 'host-key-changed', detail: 'known_hosts:12 holds another', presented: KEY }],
  'host-key-revoked': [{ kind: 'host-key-revoked', detail: 'known_hosts:3 says @revoked', presented: KEY }],
  'connection-lost': [{ kind: 'connection-lost', detail: 'read ECONNRESET' }],
  'sudo-refused': [
    { kind: 'sudo-refused', by: 'sudo', detail: 'a password is required' },
    {
      kind: 'sudo-refused',
      by: 'doas',
      detail: 'doas does not let deploy become root (doas: Operation not permitted)',
    },
    { kind: 'sudo-refused', by: 'none', detail: 'there is no sudo on the host and no doas, and deploy is not root' },
  ],
  locked: [
    { kind: 'locked', holder: { kind: 'run', by: HOLD.by, since: HOLD.since, generation: generationId(5) } },
    { kind: 'locked', holder: HOLD },
  ],
  'base-moved': [{ kind: 'base-moved', expected: generationId(4), found: generationId(6) }],
  'needs-repair': [{ kind: 'needs-repair', detail: 'generation 4 could not be brought back' }],
  unsupported: [{ kind: 'unsupported', needs: 'tar or rsync' }],
  'no-target': [{ kind: 'no-target', detail: 'generation 1 is the oldest good one on the host' }],
  'not-apart': [{ kind: 'not-apart', why: 'generation 4 has no .env yet' }],
  'over-limit': [{ kind: 'over-limit', why: ['5 instances of worker@.service, and atMost allows 4'] }],
  'same-machine': [{ kind: 'same-machine', names: ['web-1', 'web-eu'] }],
  taken: [
    {
      kind: 'taken',
      taken: [
        { what: 'the unit a.service is that of the app a', fix: 'Rename it.' },
        { what: 'the unit b.service is that of the app a', fix: 'Rename it.' },
      ],
    },
  ],
  occupied: [
    {
      kind: 'occupied',
      occupied: [
        { what: 'ssh.service lets logins in', fix: 'Give the unit another name.' },
        { what: 'dbus.service is part of the host', fix: 'Give the unit another name.' },
        { what: '/opt/app/current is a folder', fix: 'Move it away.' },
      ],
    },
  ],
  'second-copy': [
    { kind: 'second-copy', copies: [HAND], pidFile: { pid: 4242, path: '/opt/jarvis/jarvis.pid' } },
    {
      ...{ kind: 'second-copy', pidFile: null },
      copies: [
        HAND,
        { ...HAND, pid: 4243, command: `python3 supervisor.py ${'--and-so-on '.repeat(20)}` },
        { ...HAND, pid: 50, unit: 'old.service', copyOf: ['jarvis.service', 'jarvis-telegram.service'] },
        { ...HAND, pid: 51, unit: 'user:bot.service' },
        ...STARTING,
      ],
    },
  ],
  unrecorded: [
    {
      ...{ kind: 'unrecorded', folder: '/var/lib/fleet/jarvis', generation: generationId(3) },
      ...{ newest: generationId(1), running: ['jarvis.service'] },
    },
    {
      ...{ kind: 'unrecorded', folder: '/var/lib/fleet/jarvis', generation: generationId(0) },
      ...{ newest: generationId(0), running: ['jarvis.service'] },
    },
  ],
  'login-account': [
    {
      ...{ kind: 'login-account', account: 'deploy', whose: 'fleet' },
      changes: [{ what: 'home', from: '/home/deploy', to: '/opt/jarvis' }],
    },
    {
      ...{ kind: 'login-account', account: 'alice', whose: 'keys' },
      changes: [
        { what: 'home', from: '/home/alice', to: '/opt/jarvis' },
        { what: 'shell', from: '', to: '/bin/false' },
      ],
    },
  ],
  'account-changed': [
    {
      ...{ kind: 'account-changed', back: null },
      moves: [
        {
          ...{ units: ['jarvis.service'], madeBy: 'useradd' },
          from: { user: 'clawd', group: null, supplementary: [] },
          to: { user: 'jarvis', group: null, supplementary: [] },
          folders: [
            { path: '/opt/jarvis/data', entry: '' },
            { path: '/srv/my logs', entry: 'a.log' },
          ],
        },
      ],
    },
    {
      ...{ kind: 'account-changed', back: null },
      moves: [
        {
          ...{ units: ['a.service', 'b.service'], madeBy: null },
          from: { user: 'a', group: 'team', supplementary: ['video'] },
          to: { user: null, group: null, supplementary: [] },
          folders: [{ path: '/opt/a/data', entry: 'x' }],
        },
      ],
    },
    {
      ...{ kind: 'account-changed', back: generationId(4) },
      moves: [
        {
          ...{ units: ['jarvis.service'], madeBy: null },
          from: { user: 'jarvis', group: null, supplementary: [] },
          to: { user: 'clawd', group: null, supplementary: [] },
          folders: [{ path: '/opt/jarvis/data', entry: '' }],
        },
      ],
    },
  ],
  'step-failed': [
    { kind: 'step-failed', step: 'pip install', exit: { code: 127, stdout: 'a\nb\n', stderr: 'sh: pip: not found\n' } },
    { kind: 'step-failed', step: 'migrate', exit: { code: 137, stdout: '', stderr: '' } },
    {
      kind: 'step-failed',
      step: 'stage',
      exit: { code: 74, stdout: '', stderr: 'no\n' },
      noRoot: 'sudo asks for a password',
    },
  ],
  'unsafe-root': [{ kind: 'unsafe-root', why: '/opt/jarvis belongs to jarvis, who can change all that is in it' }],
  'not-as-sent': [{ kind: 'not-as-sent', file: 'bots/supervisor.py' }],
  'before-start': [
    {
      ...{ kind: 'before-start', step: 'before the start: python manage.py migrate', why: 'failed', status: 3 },
      log: ['Applying 0002_more', 'no such table: jobs'],
    },
    { kind: 'before-start', step: 'before the start: ./migrate', why: 'late', limitMs: 600_000, log: [] },
  ],
  'not-settled': [
    { kind: 'not-settled', units: [unit('jarvis.service')] },
    { kind: 'not-settled', units: [unit('a.service', { result: 'signal', status: 9, log: [] }), unit('b.service')] },
  ],
  unhealthy: [
    {
      kind: 'unhealthy',
      checks: [
        { check: 'unit jarvis.service', ok: true, detail: 'active', ms: 3 },
        { check: 'tcp 8000', ok: false, detail: 'connection refused', ms: 1 },
      ],
    },
    {
      kind: 'unhealthy',
      checks: (['within', 'deadline'] as const).map((until, i) => {
        const waited = { ms: 5_000 + 82_000 * i, until };
        return { check: `tcp 800${i}`, ok: false, detail: 'connection refused', ms: 1, waited };
      }),
    },
  ],
  precondition: [
    {
      kind: 'precondition',
      checks: [
        { check: 'temperature', ok: false, detail: '91 °C, critical is 85 °C', ms: 3 },
        { check: 'tcp 8000', ok: true, detail: 'connected', ms: 1 },
      ],
    },
    {
      kind: 'precondition',
      checks: [
        { check: 'unit a.service', ok: false, detail: 'inactive', ms: 3 },
        { check: 'unit b.service', ok: false, detail: 'failed', ms: 1 },
      ],
    },
  ],
  'not-as-meant': [
    {
      kind: 'not-as-meant',
      differences: [{ unit: 'jarvis.service', property: 'MemoryMax', meant: '4294967296', got: '1073741824' }],
    },
  ],
  expired: [{ kind: 'expired', detail: 'no confirmation reached the host before its deadline' }],
  'runner-died': [
    { kind: 'runner-died', when: 'before it began' },
    { kind: 'runner-died', when: 'at work' },
  ],
  cancelled: [{ kind: 'cancelled', phase: 'stage' }],
  'timed-out': [{ kind: 'timed-out', what: 'pip install', ms: 120_000 }],
  skipped: [{ kind: 'skipped', why: 'an earlier host failed, and the playbook says onFailure: stop' }],
};

const all: readonly Failure[] = Object.values(FAILURES).flat();

const five = generationId(5);
const refused: Failure = { kind: 'step-failed', step: 'units', exit: { code: 1, stdout: '', stderr: 'no\n' } };
const LEFTOVERS: readonly Left[] = [
  { kind: 'account', name: 'app', because: 'it owns /opt/app/data' },
  { kind: 'folder', name: '/srv/app', because: 'not empty' },
  { kind: 'data', name: '/opt/app/data', because: 'not empty' },
  { kind: 'packages', name: 'python3, logrotate', because: '' },
  { kind: 'other', name: 'give the account app home /srv/app', because: 'usermod: user app is currently used' },
  { kind: 'release', name: '/opt/app/releases/3', because: '' },
  { kind: 'state', name: '/var/lib/fleet/app', because: '' },
  { kind: 'unknown', name: '', because: 'the host could not be reached again' },
];
const up = { active: 'active', sub: 'running', pid: 17, enabled: null };
const WORK = {
  kind: 'units',
  units: [{ unit: 'app.service', was: up, is: { active: 'inactive', sub: 'dead', pid: 0, enabled: null } }],
} as const;
const OUTCOMES: { readonly [K in HostOutcome['end']]: readonly Extract<HostOutcome, { end: K }>[] } = {
  unchanged: [{ end: 'unchanged', generation: five }],
  deployed: [{ end: 'deployed', generation: five }],
  'rolled-back': [{ end: 'rolled-back', from: five, generation: generationId(4) }],
  removed: [{ end: 'removed' }],
  planned: [
    { end: 'planned', pending: true, generation: five },
    { end: 'planned', pending: false, generation: five },
  ],
  reported: [
    { end: 'reported', report: STATUS },
    { end: 'reported', report: { ...STATUS, generation: generationId(0), phase: 'REVERT_FAILED' } },
    { end: 'reported', report: HISTORY },
    { end: 'reported', report: { kind: 'lock', held: null, open: null } },
    { end: 'reported', report: HELD },
  ],
  done: [{ end: 'done', generation: five, work: { ...WORK, verb: 'stop' } }],
  failed: [{ end: 'failed', generation: five, work: { ...WORK, verb: 'restart' }, failure: refused }],
  healthy: [{ end: 'healthy', generation: five, checks: [] }],
  unhealthy: [{ end: 'unhealthy', generation: five, failure: refused }],
  untouched: [{ end: 'untouched', failure: refused }],
  reverted: [
    { end: 'reverted', failure: refused, generation: five },
    { end: 'reverted', failure: refused, generation: generationId(0) },
    ...[five, generationId(0)].map((generation) => ({
      end: 'reverted' as const,
      failure: refused,
      generation,
      left: LEFTOVERS,
    })),
  ],
  stuck: [{ end: 'stuck', failure: refused, revert: { kind: 'needs-repair', detail: 'generation 4 did not come up' } }],
  unknown: [{ end: 'unknown', failure: { kind: 'connection-lost', detail: 'read ECONNRESET' } }],
};

test('every failure is told as what happened, what shows it and what to do next', async () => {
  const story = all.map((failure) => {
    const { what, evidence, fix } = explain(failure, HERE);
    return [failure.kind, `  ${what}`, ...evidence.map((line) => `  | ${line}`), ...fix.map((line) => `  > ${line}`)];
  });
  await expect(`${story.map((lines) => lines.join('\n')).join('\n\n')}\n`).toMatchFileSnapshot('golden/failures.txt');
});

test('every outcome says in one sentence what state the host is in', async () => {
  const story = Object.values(OUTCOMES)
    .flat()
    .map((outcome: HostOutcome) => {
      const why = explainOutcome(outcome, HERE);
      const lines =
        why === null
          ? []
          : [why.what, ...why.evidence.map((line) => `| ${line}`), ...why.fix.map((line) => `> ${line}`)];
      return [`${outcome.end}`, `  ${ended(outcome)}`, ...lines.map((line) => `    ${line}`)].join('\n');
    });
  await expect(`${story.join('\n\n')}\n`).toMatchFileSnapshot('golden/outcomes.txt');
});

test.each(all.map((failure) => [failure.kind, failure] as const))(
  '%s: one line each, with advice',
  (_kind, failure) => {
    const { what, evidence, fix } = explain(failure, HERE);
    expect(fix.length).toBeGreaterThan(0);
    expect(what).not.toMatch(/\.$/);
    for (const line of [what, ...evidence, ...fix]) expect(line).not.toMatch(/[\n\r]|undefined|null|\[object/);
  },
);

test('an unknown host key shows the fingerprint that ssh-keygen shows, and both ways to trust it', () => {
  const { what, fix } = explain(FAILURES['host-key-unknown'][0] as Failure, HERE);
  expect(what).toContain(FINGERPRINT);
  expect(fix.join('\n')).toContain('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub');
  expect(fix.join('\n')).toContain('--accept-new');
  expect(fix.join('\n')).toContain(`hostKey: "${KEY}"`);
});

test('a changed host key is never to be accepted by a flag alone', () => {
  const { what, fix } = explain(FAILURES['host-key-changed'][0] as Failure, HERE);
  expect(what).toContain('HAS CHANGED');
  expect(fix.at(-1)).toContain('`--accept-new` never accepts a changed key');
});

test('commands to copy name every host that failed alike', () => {
  const { fix } = explain(FAILURES['base-moved'][0] as Failure, { hosts: ['web-1', 'web-2'], app: 'jarvis' });
  expect(fix[0]).toContain('fleet plan --host web-1 --host web-2 --app jarvis');
});

test('what a host calls its units moves no cursor', () => {
  expect(noSuchUnit(['api'], ['a\x1b[2Jb.service'])).toBe(
    'no unit matches "api": the active generations have a\\x1b[2Jb.service',
  );
});
