import { afterAll, beforeAll, describe } from 'vitest';
import { drawn, type Hosts, startHosts } from '../rig/index.ts';
import { attack } from './attack.ts';
import { type Victim, victim } from './victim.ts';

// What a playbook runs between the sealed release and the switch: as the account, while root's program watches it and
// goes on afterwards. A root that such a step swaps for another is tried in below-home.test.ts; what it says is kept in a
// folder of root's, where no link can wait for it.

const KINDS = { web: 'systemd', edge: 'plain', tiny: 'busybox' } as const;
const NAMES = drawn('web', 'edge', 'tiny');
let hosts: Hosts<typeof KINDS>;
beforeAll(async () => {
  hosts = await startHosts(Object.fromEntries(NAMES.map((name) => [name, KINDS[name]])) as typeof KINDS);
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

const USUAL = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Programs that root starts beside a step, or a step through. */
const TOOLS = ['setpriv', 'su', 'sh', 'env', 'tail', 'sed', 'cat', 'sleep', 'timeout', 'systemd-run', 'systemctl'];

/** A step that is this text. */
const step = (text: string) => ({ run: { command: ['sh', '-c', text], when: 'before-start' } });

/** The next deploy, with this step. */
function deploy(it: Victim, text: string, more: readonly object[] = [], changes: object = {}) {
  it.tasks([...more, step(text)], changes);
  return it.deploy();
}

describe.each(NAMES)('on %s', (name) => {
  const host = () => hosts[name];

  // busybox's shell runs its own tools, and there is no loader to trace.
  if (name !== 'tiny')
    attack('steps-settings', 'a search path and a trace of the loader in the settings of the app', async (build) => {
      await using it = await victim(host(), build, 'steps-env');
      const data = `${it.root}/data`;
      await it.deploy();
      await it.as(`mkdir ${data}/bin && cd ${data}/bin && for tool in ${TOOLS.join(' ')}; do
        printf '#!/bin/sh\nPATH=${USUAL}; id -u >>${data}/who; exec %s "$@"\n' $tool >$tool; chmod 755 $tool; done`);
      it.project.env({ PATH: `${data}/bin:${USUAL}`, LD_DEBUG: 'libs', LD_DEBUG_OUTPUT: `${data}/trace` });
      const { outcome, words } = await deploy(it, 'sh -c true', [{ env: { from: 'secrets/app.env' } }]);
      const who = await host().out(`sort -u ${data}/who; find ${data} -name 'trace*' -user 0`);
      const [first = ''] = who.split('\n');
      const won = first === '0' || who.includes('trace');
      return { won, tries: Number(first !== ''), refused: false, evidence: `${outcome} ${words}, as ${who}` };
    });

  attack('steps-left', 'a process of a step that hides, and is still there when the services start', async (build) => {
    await using it = await victim(host(), build, 'steps-left');
    const pid = `${it.root}/data/pid`;
    // In a scope of systemd it is found wherever it hides; elsewhere by where it stands, or by what is in its environment.
    const hide = name === 'web' ? 'cd /; ' : '';
    const script = `${hide}trap "" TERM HUP; echo $$ >${pid}; exec sleep 4747`;
    const { unit, task } = it.service(
      [],
      `kill -0 $(cat ${pid}) 2>/dev/null && echo lives >${it.root}/data/seen\nexec sleep 1d\n`,
    );
    const left = `env -i PATH="$PATH" setsid sh -c '${script}' </dev/null >/dev/null 2>&1 & until [ -s ${pid} ]; do sleep 0.1; done`;
    const { outcome, words } = await deploy(it, left, [task], { health: [{ unit }] });
    const seen = await host().out(`cat ${it.root}/data/seen 2>/dev/null; kill -9 $(cat ${pid}) 2>/dev/null; true`);
    return { won: seen === 'lives', tries: 1, refused: false, evidence: `${outcome} ${words}, ${seen}` };
  });

  attack('steps-words', 'what the host says of a transaction, said by a step', async (build) => {
    await using it = await victim(host(), build, 'steps-words');
    const lines = [
      'note planted',
      'phase commit',
      'await 9',
      'unit-failed a.service exit-code x 1 failed',
      'end committed 1',
    ];
    const say = `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')}`;
    // Longer than until the next word of how it goes; then in one line, after what ends a line on a screen.
    const { outcome, words, run } = await deploy(
      it,
      `${say}; sleep 7; printf 'x\\rend committed 1\\033[2J\\n'; exit 3`,
    );
    const planted = run.events.filter(({ type, text, phase }) =>
      type === 'note' ? text === 'planted' : phase === 'commit',
    );
    const raw = /[^\P{Cc}\n]/u.test(run.stdout + run.stderr);
    const won = outcome !== 'reverted' || planted.length > 0 || raw;
    return { won, tries: 1, refused: false, evidence: `${outcome} ${words}, ${planted.length} planted, raw ${raw}` };
  });
});
