import { describe } from 'vitest';
import { drawn } from '../rig/index.ts';
import { attack, type Build, type Fought } from './attack.ts';
import { armedHosts, attacker } from './attacker.ts';
import { type Victim, victim } from './victim.ts';

// A release that the app writes in after it was sealed.

const hosts = armedHosts({ edge: 'plain', tiny: 'busybox' });

const once = (won: boolean, evidence: string, refused = false): Fought => ({ won, tries: 1, refused, evidence });

/** Holds a file of the first release open, has two deploys made, and writes at the end. */
async function held(it: Victim): Promise<{ first: string; second: string; tries: number; log: string }> {
  const go = `/tmp/go-${it.name}`;
  const outside = await attacker(it.host, it.name, 'hold', `${it.root}/releases`, 'held', go, 'TAMPERED');
  // A process of the build's own has it open as well.
  const born = `(exec 3>>held; while [ ! -e ${go} ]; do sleep 0.1; done; echo TAMPERED >&3) </dev/null >/dev/null 2>&1 &`;
  it.tasks([{ run: { command: ['sh', '-c', `${born} sleep 0.5`] } }]);
  const one = await it.deploy();
  it.tasks([]);
  const two = await it.deploy();
  await it.host.out(`touch ${go}; sleep 0.5`);
  const tries = await outside.stop();
  const [first = '', second = ''] = await Promise.all(
    [1, 2].map((n) => it.host.out(`cat ${it.root}/releases/${n}/held 2>/dev/null; true`)),
  );
  return { first, second, tries, log: `${one.outcome} ${one.words} ${two.outcome} ${two.words}` };
}

describe.each(drawn('edge', 'tiny'))('on %s', (name) => {
  const host = () => hosts[name];

  attack('C10a', 'modes that a build step left', async (build) => {
    await using it = await victim(host(), build, 'c10a');
    const step =
      'umask 0; mkdir w g s; echo 1 >w/f; echo 1 >g/f; chmod 775 g; chmod 664 g/f; cp /bin/sh s/sh; chmod 6755 s/sh';
    it.tasks([{ run: { command: ['sh', '-c', step] } }]);
    const { outcome, words } = await it.deploy();
    const wrote = await it.as(
      `cd ${it.root}/current && for f in w/f w/new g/f g/new held new; do (echo TAMPERED >$f) 2>/dev/null && echo $f; done; true`,
    );
    // Nor may a program that the build made carry root's or its group's rights.
    const raised = await it.host.out(`find ${it.root}/releases/1/ -perm -4000 -o -perm -2000 -type f`);
    return once(wrote !== '' || raised !== '', `${outcome} ${words}, wrote ${wrote} raised ${raised}`);
  });

  attack('C10b', 'a file opened while the release was lent, written after the seal', async (build) => {
    await using it = await victim(host(), build, 'c10b');
    const { first, tries, log } = await held(it);
    return {
      won: first.includes('TAMPERED'),
      tries: Math.max(tries, 1),
      refused: false,
      evidence: `${first} [${log}]`,
    };
  });

  attack('C10d', 'a process of a build step that lives on in the sealed release', async (build) => {
    await using it = await victim(host(), build, 'c10d');
    const mark = `lives-on-${it.name}`;
    const spawn = (how: string) => `${how} sh -c 'while :; do sleep 1; done' ${mark} </dev/null >/dev/null 2>&1 &`;
    it.tasks([
      {
        run: {
          command: ['sh', '-c', `${spawn('')} ${spawn('setsid')} ${spawn('env -i setsid')} (cd /; ${spawn('setsid')})`],
        },
      },
    ]);
    const { outcome, words } = await it.deploy();
    const alive = await it.host.out(
      `for p in /proc/[0-9]*; do ! tr '\\0' ' ' <$p/cmdline 2>/dev/null | grep -q '${mark} $' || echo \${p#/proc/}; done`,
    );
    for (const pid of alive.split('\n').filter(Boolean)) await it.host.sh(`kill -KILL ${pid}`);
    return once(alive !== '', `${outcome} ${words}, alive: ${alive.split('\n').join(' ')}`);
  });

  attack('C10e', 'a folder for releases that the service user has made beforehand', async (build) => {
    await using it = await victim(host(), build, 'c10e');
    await it.host.out(`mkdir -p ${it.root}/releases && chown -R ${it.name}: ${it.root}`);
    const { outcome, words } = await it.deploy();
    if (outcome === 'untouched') return once(false, words, true);
    const replaced = await it.host.sh(
      `cd ${it.root}/releases && mv 1 1.real && mkdir 1 && echo TAMPERED >1/held && cat ${it.root}/current/held`,
      { user: it.name },
    );
    return once(replaced.stdout.includes('TAMPERED'), `${outcome} ${words}: ${replaced.stdout}${replaced.stderr}`);
  });

  attack('C10e-link', 'a folder for releases that is a link of the service user', async (build) => {
    await using it = await victim(host(), build, 'c10l');
    await it.host.out(
      `mkdir -p ${it.root} && ln -s ${it.canary}/precious ${it.root}/releases && chown -Rh ${it.name}: ${it.root}`,
    );
    const { outcome, words } = await it.deploy();
    const harm = await it.harm();
    return once(harm.length > 0, `${outcome} ${words}: ${harm.join('; ')}`, outcome === 'untouched');
  });
});

// Where files are shared between releases: rsync alone does that.
attack('C10c', 'the same file written after it became part of the next release', async (build: Build) => {
  await using it = await victim(hosts.edge, build, 'c10c');
  const { second, tries, log } = await held(it);
  return {
    won: second.includes('TAMPERED'),
    tries: Math.max(tries, 1),
    refused: false,
    evidence: `${second} [${log}]`,
  };
});
