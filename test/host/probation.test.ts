import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SHELLS } from '../runtime/shells.ts';
import { workshop } from './workshop.ts';

const status = (active: string, sub: string, restarts: number, result = 'success', type = 'simple') =>
  `ActiveState=${active}\nSubState=${sub}\nNRestarts=${restarts}\nResult=${result}\nType=${type}\nJob=0\nSettled=1\n`;

/** A generation on probation, with whatever stands in `watch/`. */
function onProbation({
  shop,
  watch = {},
  until = 999_999_999,
}: {
  shop: ReturnType<typeof workshop>;
  watch?: Record<string, string>;
  until?: number;
}) {
  for (const n of [1, 2]) {
    mkdirSync(join(shop.state, `generations/${n}/watch`), { recursive: true });
    mkdirSync(join(shop.root, `releases/${n}`), { recursive: true });
    writeFileSync(
      join(shop.state, `generations/${n}/manifest`),
      'version 1\nruntime nohup\nuser -\nbase 0\ndigest -\n',
    );
    writeFileSync(join(shop.state, `generations/${n}/verdict`), 'good\n');
    writeFileSync(join(shop.state, `generations/${n}/start`), '');
  }
  for (const [name, text] of Object.entries(watch))
    writeFileSync(join(shop.state, `generations/2/watch/${name}`), text);
  symlinkSync('releases/2', join(shop.root, 'current'));
  writeFileSync(
    join(shop.state, 'probation'),
    `version 1\nstate on\ntxn t\nfrom 1\nto 2\nseconds 60\nevery 1\nrestarts 0\nfailures 2\nfirst 0\nuntil ${until}\nboot x\nsettle 0\nkeep 5\nby me\nat now\nwhy \n`,
  );
}

const which = (name: string) => existsSync(`/usr/bin/${name}`) || existsSync(`/bin/${name}`);

const stateOf = (shop: ReturnType<typeof workshop>) =>
  existsSync(join(shop.state, 'probation'))
    ? /^state (.*)$/m.exec(readFileSync(join(shop.state, 'probation'), 'utf8'))?.[1]
    : null;

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('a watch, in %s', (_name, shell) => {
  it.each([
    ['up', status('active', 'running', 0), 0, 0, '', ''],
    ['restarted', status('active', 'running', 1), 0, 0, 'a.service was restarted', ''],
    [
      'on its way to the next start',
      status('activating', 'auto-restart', 1, 'exit-code'),
      0,
      0,
      'a.service was restarted (exit-code)',
      '',
    ],
    ['restarted as often as it may', status('active', 'running', 2), 2, 0, '', ''],
    ['restarted more often', status('active', 'running', 3), 2, 0, 'a.service was restarted 3 times', ''],
    ['restarted before it was watched', status('active', 'running', 3), 0, 3, '', ''],
    ['started anew by hand, which counts from nothing', status('active', 'running', 0), 0, 3, '', ''],
    ['failed', status('failed', 'failed', 4, 'start-limit-hit'), 9, 0, 'a.service failed (start-limit-hit)', ''],
    ['at its end', status('inactive', 'dead', 0), 0, 0, '', 'a.service'],
    ['a job that is done', status('inactive', 'dead', 0, 'success', 'oneshot'), 0, 0, '', ''],
    ['without its supervisor', status('failed', 'orphaned', 0), 0, 0, '', ''],
    ['silent', '', 0, 0, '', 'a.service'],
  ])('of a service that is %s', async (_what, text, restarts, before, why, down) => {
    using shop = workshop();
    mkdirSync(join(shop.state, 'run/a.service'), { recursive: true });
    if (text !== '') writeFileSync(join(shop.state, 'run/a.service/status'), text);
    const body = `P_RESTARTS=${restarts} v_base="a.service ${before}" rt=nohup v_why='' v_bad=''
      read_unit nohup a.service; probation_unit a.service; say "$v_why|$v_bad"`;
    expect((await shop.run(shell, body)).stdout).toBe(`${why}|${down}\n`);
  });

  it('goes by a check only when it has passed before, and failed as often in a row as it may', async () => {
    using shop = workshop();
    onProbation({
      shop,
      watch: { 0: `command x\ntest -e '${shop.root}/well'\n`, 1: 'never\nfalse\n', 2: 'deaf\nexit 3\n' },
    });
    const look = `v_why=''; for n in 0 1 2; do probation_check $n; done; say "$v_passed|$v_why"`;
    const body = `probation_read; v_passed=''; ${look}; touch "$ROOT/well"; ${look}; rm "$ROOT/well"; ${look}
      touch "$ROOT/well"; ${look}; rm "$ROOT/well"; ${look}; ${look}`;
    expect((await shop.run(shell, body)).stdout).toBe('|\n 0|\n 0|\n 0|\n 0|\n 0|command x failed 2 times in a row\n');
  });

  it('goes back once, says why, and leaves it alone when that is decided already', async () => {
    using shop = workshop();
    onProbation({ shop });
    const go = "verb_probation t go 'a.service failed'";
    await shop.run(shell, go);
    const log = () => readFileSync(join(shop.state, 'log'), 'utf8');
    expect(log()).toMatch(/^\S+ t-watch watch 1 2 reverted me\ta\.service failed\n$/);
    expect(readFileSync(join(shop.state, 'generations/2/verdict'), 'utf8')).toBe('bad\n');
    expect([stateOf(shop), (await shop.run(shell, 'active_generation')).stdout]).toEqual(['back', '1\n']);
    await shop.run(shell, go);
    expect(log().split('\n')).toHaveLength(2);
  });

  it.each([
    ['another generation is live', (root: string) => `rm '${root}/current'; ln -s releases/1 '${root}/current'`, null],
    ['the one before is gone', (root: string) => `rm -r '${root}/releases/1'`, null],
    ['a person holds the host', () => 'verb_hold me because', 'on'],
    ['another run has the lock', () => `(lock "$S/lock" 9 0; sleep 6) & sleep 0.5`, 'on'],
    ['a transaction of somebody else is open', () => 'journal_read; TXN=o RUNNER=0; journal_write ACTIVATING', 'on'],
    ['another watch has taken its place', () => `sed -i 's/^txn t/txn other/' "$S/probation"`, 'on'],
  ])('goes nowhere while %s', async (_why, first, after) => {
    using shop = workshop();
    onProbation({ shop });
    await shop.run(shell, `${first(shop.root)}; (verb_probation t go why); say`);
    expect(stateOf(shop)).toBe(after);
    expect(existsSync(join(shop.state, 'log'))).toBe(false);
  });

  it('without room to say so goes nowhere, and is tried again', async () => {
    using shop = workshop();
    onProbation({ shop });
    // No file takes a byte: what a full disk does, whoever runs this.
    expect((await shop.run(shell, `trap '' 25; ulimit -f 0; verb_probation t go why`)).code).toBe(75);
    expect([stateOf(shop), (await shop.run(shell, 'active_generation')).stdout]).toEqual(['on', '2\n']);
    await shop.run(shell, 'verb_probation t go why');
    expect(stateOf(shop)).toBe('back');
  });

  it('that was cut off between its words and the journal is taken up again', async () => {
    using shop = workshop();
    onProbation({ shop });
    await shop.run(shell, 'probation_read; P_WHY=once; probation_write going; (decide t-watch revert)');
    await shop.run(shell, 'v_txn=t; probation_read; verb_probation t go "$P_WHY"');
    expect([stateOf(shop), readFileSync(join(shop.state, 'log'), 'utf8')]).toEqual([
      'back',
      expect.stringMatching(/reverted me\tonce\n$/),
    ]);
  });

  it('that is over leaves nothing', async () => {
    using shop = workshop();
    onProbation({ shop });
    writeFileSync(join(shop.state, 'watcher'), '1 1\n');
    await shop.run(shell, 'verb_probation other end');
    expect(stateOf(shop)).toBe('on');
    await shop.run(shell, 'verb_probation t end');
    expect([stateOf(shop), existsSync(join(shop.state, 'watcher'))]).toEqual([null, false]);
  });

  it('asks a page and a port of the host itself', async () => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/moved' ? 302 : request.url === '/sick' ? 500 : 200;
      if (request.url === '/moved') response.setHeader('location', '/');
      response.end(`all is well ${request.headers['x-who'] ?? ''}\n`);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    using shop = workshop();
    const ask = (...words: readonly string[]) =>
      `ask_page - 5 ${words.join(' ')} </dev/null >/dev/null 2>&1; printf '%s ' $?; `;
    const url = (path: string) => `http://127.0.0.1:${port}${path}`;
    const body = [
      ask("'200'", "'is well'", '-', url('/')),
      ask("'200'", "'is ill'", '-', url('/')),
      ask("'200'", "''", '-', url('/sick')),
      ask("'200 500'", "''", '-', url('/sick')),
      ask("'302'", "''", '-', url('/moved')),
      ask("'200'", '\'well "me"\'', '-', url('/'), `'x-who: "me"'`),
      `for p in ${port} 1; do ask_port $p; printf '%s ' $?; done`,
    ].join('');
    try {
      // Without curl there is wget, which says less; and what cannot be said does not count.
      const page = which('curl') ? '0 1 1 0 0 0' : which('wget') ? '0 1 1 3 3 3' : '3 3 3 3 3 3';
      expect((await shop.run(shell, body)).stdout).toBe(`${page} 0 1 `);
    } finally {
      server.close();
    }
  });
});
