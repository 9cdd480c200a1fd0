import { expect } from 'vitest';
import { only } from '../fleet.ts';
import { ask, copies, KEYS, markOf, playbook, ROOT, record, type Stage, sample, TASKS, UNIT } from '../samples.ts';
import { story } from '../story.ts';
import { wholeHost } from '../transaction/keeper.ts';

export const revert = ({ name, systemd, host, project }: Stage) => {
  const step = story();
  const good = () => {
    project().env(KEYS);
    project().write('app/VERSION', '1.0.0\n');
    project().playbook(playbook([name]));
  };

  /** Deploys what is broken and proves that the host is as it was; the failure, for a closer look. */
  async function breaks(fault: Record<string, string>, change: object = {}) {
    project().env({ ...KEYS, JARVIS_MARKER: 'broken', ...fault });
    project().write('app/VERSION', '6.6.6\n');
    project().playbook(playbook([name], change));
    const before = await record(host());
    const run = await project().fleet('deploy', '--all');
    const summary = only(run);
    expect({ code: run.code, ...summary }).toMatchObject({ code: 1, outcome: 'reverted', generation: 2 });
    expect(await record(host())).toEqual(before);
    expect(await ask(host())).toMatchObject({ version: '1.0.0', config: markOf('one') });
    expect(await copies(host())).toHaveLength(1);
    expect((await project().fleet('health', '--all')).code).toBe(0);
    return summary.failure;
  }

  /** A host that fleet has put something on beside what the account tools change: lines that only one of the looks has. */
  const accounts = /^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid) /;
  const changed = (before: readonly string[], after: readonly string[]) => [
    ...before.filter((line) => !after.includes(line) && !accounts.test(line)),
    ...after.filter((line) => !before.includes(line) && !accounts.test(line)),
  ];
  /** Whether a line is about one of these paths, what is in it, or what it is in. */
  const about = (line: string, paths: readonly string[]) => {
    const [file] = line.split(' ');
    return paths.some((path) => `${file}/`.startsWith(`${path}/`) || path.startsWith(`${file}/`));
  };
  const jarvis = () => host().out('id -u jarvis 2>/dev/null; true');

  step(
    'a first deploy that fails leaves what the service wrote and its owner, names them, and --full removes them',
    async () => {
      const before = await wholeHost(host());
      project().env({ ...KEYS, JARVIS_FAULT: 'http-500' });
      const run = only(await project().fleet('deploy', '--all'));
      expect(run).toMatchObject({ outcome: 'reverted', generation: 0, failure: { kind: 'unhealthy' } });
      expect(run.left).toContainEqual({ kind: 'data', name: `${ROOT}/logs`, because: 'not empty' });
      const named = (kind: string) => run.left?.some((one) => one.kind === kind);
      // On the third the account was there before.
      expect(named('account')).toBe(name !== 'tiny');
      expect(await host().out(`stat -c %U ${ROOT}/logs/*`)).toContain('jarvis');
      const paths = run.left?.map((one) => one.name) ?? [];
      const rest = changed(before, await wholeHost(host()));
      expect(rest.filter((line) => !about(line, paths))).toEqual([]);
      // What is named is there, and nothing that was made for it beside.
      expect(rest.length).toBeGreaterThan(paths.length);
      expect(await host().out(`ls -A ${ROOT}`)).not.toMatch(/current|releases|\.env/);

      const removed = await project().fleet('rollback', '--full', '--all', '--yes');
      expect({ code: removed.code, ...only(removed) }).toMatchObject({ code: 0, outcome: 'removed' });
      expect(await wholeHost(host())).toEqual(before);
    },
  );

  step(
    'a first deploy that fails before it wrote anything leaves the host as it was, but for the notes on it',
    async () => {
      const before = await wholeHost(host());
      project().env({ ...KEYS, JARVIS_FAULT: 'exit-at-start' });
      const run = await project().fleet('deploy', '--all');
      const STATE = { kind: 'state', name: '/var/lib/fleet/jarvis', because: '' };
      expect({ code: run.code, ...only(run) }).toMatchObject({ code: 1, outcome: 'reverted', generation: 0 });
      expect(only(run).left).toEqual([STATE]);
      expect((await wholeHost(host())).filter((line) => !line.startsWith('/var/lib/fleet'))).toEqual(before);
      expect(await jarvis()).toBe(name === 'tiny' ? '990' : '');
      expect(await copies(host())).toEqual([]);
      expect(
        await host().out(`ls -d ${ROOT}/current ${ROOT}/.env /etc/systemd/system/${UNIT}* 2>/dev/null; true`),
      ).toBe('');
      if (systemd) expect(await host().out(`systemctl show -p LoadState --value ${UNIT}`)).toBe('not-found');
      expect(await host().out('crontab -l 2>/dev/null; cat /etc/rc.local 2>/dev/null; true')).not.toContain('fleet');
    },
  );

  step('and the number of what failed is not used again', async () => {
    good();
    const run = await project().fleet('deploy', '--all');
    expect({ code: run.code, ...only(run) }).toMatchObject({
      code: 0,
      failure: null,
      outcome: 'deployed',
      generation: 2,
    });
  });

  step(
    'a version that exits at once is taken back; the failure names the unit, the cause and the last log lines',
    async () => {
      const failure = await breaks({ JARVIS_FAULT: 'exit-at-start' });
      expect(failure?.kind).toBe('not-settled');
      expect(failure).toMatchObject({ units: [{ unit: UNIT, result: 'exit-code', status: 1 }] });
      const [unit] = (failure?.units ?? []) as { cause: string; cure: string; log: string[] }[];
      expect(unit?.cause).toContain('exit status 1');
      expect(unit?.log.join('\n')).toContain('supervisor: JARVIS_FAULT=[secret JARVIS_FAULT]');
      expect(unit?.cure).not.toBe('');
      expect(failure?.next).toContain(unit?.cure);
    },
  );

  step('a person is told the cause, the log lines and the cure', async () => {
    project().env({ ...KEYS, JARVIS_FAULT: 'exit-at-start' });
    const run = await project().human('deploy', '--all');
    expect(run.code).toBe(1);
    const said = run.stdout + run.stderr;
    for (const words of [
      'exit status 1',
      'supervisor: JARVIS_FAULT=[secret JARVIS_FAULT]',
      '-> ',
      'Read the service',
      'reverted',
    ]) {
      expect(said).toContain(words);
    }
    for (const secret of [KEYS.TELEGRAM_BOT_TOKEN, KEYS.XAI_API_KEY, KEYS.HELIUS_API_KEY])
      expect(said).not.toContain(secret);
  });

  step('a version that exits after a while is taken back, since it has to settle for longer', async () => {
    const failure = await breaks({ JARVIS_FAULT: 'exit-after:1.5' }, { deploy: { settle: '3s', deadline: '25s' } });
    expect(failure).toMatchObject({ kind: 'not-settled', units: [{ unit: UNIT, result: 'exit-code', status: 1 }] });
  });

  if (name !== 'tiny')
    step('a version that never becomes ready is taken back', async () => {
      const failure = await breaks({ JARVIS_FAULT: 'never-ready' });
      if (systemd) expect(failure).toMatchObject({ kind: 'not-settled', units: [{ unit: UNIT, result: 'timeout' }] });
      else expect(failure).toMatchObject({ kind: 'unhealthy' });
    });

  step(
    'a version that runs and answers wrongly is taken back; the failure names the check and the answer',
    async () => {
      const failure = await breaks({ JARVIS_FAULT: 'http-500' });
      expect(failure?.kind).toBe('unhealthy');
      const checks = (failure?.checks ?? []) as { check: string; ok: boolean; detail: string }[];
      const bad = checks.filter(({ ok }) => !ok);
      expect(bad).toHaveLength(1);
      expect(bad[0]).toMatchObject({
        check: 'http http://127.0.0.1:8000/health',
        detail: expect.stringContaining(
          `${name === 'tiny' ? '404 Not Found' : '500 Internal Server Error'}, expected 200`,
        ),
      });
    },
  );

  step('a unit whose program is not there is taken back; the failure says so', async () => {
    const unit = `units/${UNIT}.d/fast.conf`;
    project().write(unit, '[Service]\nExecStart=\nExecStart=/usr/bin/no-such-program\nRestartSec=1\n');
    const failure = await breaks({});
    project().write(unit, sample(name).units?.[`${UNIT}.d/fast.conf`] ?? '');
    // systemd is asked before anything is switched; without it, the start shows.
    if (systemd) expect(failure).toMatchObject({ kind: 'step-failed', exit: { code: 65 } });
    else expect(failure).toMatchObject({ kind: 'not-settled', units: [{ unit: UNIT }] });
    expect(JSON.stringify(failure)).toContain('no-such-program');
  });

  step('a build command that fails ends the deploy before anything live is touched', async () => {
    const before = await ask(host());
    const build = { command: ['sh', '-c', 'echo half >half; echo no compiler here >&2; exit 7'] };
    const failure = await breaks({}, { tasks: [...TASKS, { run: build }] });
    expect(failure).toMatchObject({
      kind: 'step-failed',
      exit: { code: 7, stderr: expect.stringContaining('no compiler') },
    });
    expect(await ask(host())).toMatchObject({ pid: before.pid });
    expect(await host().out(`find ${ROOT} /var/lib/fleet -name half -o -name '.staging-*'`)).toBe('');
  });

  step('after all that the good version is unchanged, and a better one still deploys', async () => {
    good();
    expect(only(await project().fleet('deploy', '--all'))).toMatchObject({ outcome: 'unchanged', generation: 2 });
    project().write('app/VERSION', '2.0.0\n');
    const run = await project().fleet('deploy', '--all');
    expect({ code: run.code, ...only(run) }).toMatchObject({ code: 0, failure: null, outcome: 'deployed' });
    expect(await ask(host())).toMatchObject({ version: '2.0.0' });
  });
};
