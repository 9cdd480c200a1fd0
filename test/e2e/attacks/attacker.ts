import { readFileSync } from 'node:fs';
import { afterAll, beforeAll } from 'vitest';
import { run } from '../rig/docker.ts';
import { type Hosts, startHosts, type TestHost } from '../rig/index.ts';

/** Where an attacker has his tools on every host; he brings along what the host has not. */
const TOOLS = '/opt/tools';
const PYTHON = `${TOOLS}/python3`;
const SCRIPTS = ['attacker.py', 'fuzzer.py'] as const;

/** Puts the tools on a host. `lender` is a host with python, for one that has none. */
async function arm(host: TestHost, lender: TestHost = host): Promise<void> {
  await host.out(`mkdir -p ${TOOLS}`);
  if (host.kind === 'busybox') {
    // Its own loader and libraries too: of what a Debian has, the host has next to nothing.
    const list = `python=$(readlink -f /usr/bin/python3); version=\${python##*/}
      cp "$python" /tmp/python3.real; cd /; set -- lib64/ld-linux* lib/ld-linux*
      { echo tmp/python3.real; ls "$@" 2>/dev/null; ldd "$python" /usr/lib/$version/lib-dynload/_ctypes.*.so | sed -n 's|.* => /\\([^ ]*\\) .*|\\1|p' | sort -u
        for f in usr/lib/$version/*.py usr/lib/$version/collections usr/lib/$version/encodings usr/lib/$version/ctypes usr/lib/$version/importlib usr/lib/$version/re usr/lib/$version/lib-dynload/_ctypes.*.so; do ls -d "$f" 2>/dev/null; done
      } | tar -chf - --exclude=__pycache__ -T -`;
    const copied = await run('sh', [
      '-c',
      'docker exec "$1" sh -c "$3" | docker exec -i "$2" tar -xf - -C "$4"',
      ...['sh', lender.id, host.id, list, TOOLS],
    ]);
    if (copied.code !== 0) throw new Error(`no python for ${host.name}: ${copied.stderr}`);
    await host.out(`cd ${TOOLS} && loader=$(ls lib64/ld-linux* lib/ld-linux* 2>/dev/null | head -n 1)
      libraries=$(dirname "$(find lib -name 'libc.so.*' | head -n 1)")
      printf '#!/bin/sh\\nexport PYTHONHOME=${TOOLS}/usr PYTHONDONTWRITEBYTECODE=1\\nexec ${TOOLS}/%s --library-path ${TOOLS}/%s ${TOOLS}/tmp/python3.real "$@"\\n' "$loader" "$libraries" >python3
      chmod -R a+rX . && chmod 755 python3`);
  } else {
    await host.out(`ln -sfn /usr/bin/python3 ${PYTHON}`);
  }
  for (const name of SCRIPTS) {
    await host.writeFile(`${TOOLS}/${name}`, readFileSync(new URL(name, import.meta.url)));
  }
  await host.out(`${PYTHON} -c 'import ctypes'`);
}

/** The hosts of a test file, there from its first test to its last, each with the tools on it. */
export function armedHosts<const Kinds extends Parameters<typeof startHosts>[0]>(
  kinds: Kinds,
): { readonly [Name in keyof Kinds]: TestHost } {
  let hosts: Hosts<Kinds>;
  beforeAll(async () => {
    hosts = await startHosts(kinds);
    const all: readonly TestHost[] = Object.keys(kinds).map((name) => hosts[name as keyof Kinds]);
    const lender = all.find(({ kind }) => kind !== 'busybox');
    for (const host of all) await arm(host, lender);
  });
  afterAll(() => hosts?.[Symbol.asyncDispose]());
  return new Proxy({} as Hosts<Kinds>, { get: (_, name) => hosts[name as keyof Kinds] });
}

export type Attacker = {
  /** Words of the command line that starts one more of them on the host, e.g. in a build step. */
  readonly words: readonly string[];
  /** Ends all of them. @returns how often they have tried */
  stop(): Promise<number>;
};

let numbers = 0;

/** Starts an attacker as that account; it is at work when this returns. */
export const attacker = (host: TestHost, user: string, ...mode: readonly string[]): Promise<Attacker> =>
  started(host, user, idle(host, ...mode));

/** Starts one that does what comes to its mind, see fuzzer.py. */
export const fuzzer = (host: TestHost, user: string, ...words: readonly string[]): Promise<Attacker> =>
  started(host, user, tool(host, 'fuzzer.py', words));

async function started(host: TestHost, user: string, made: Attacker): Promise<Attacker> {
  const running = host.sh(`exec "$@"`.replace('"$@"', made.words.map(quote).join(' ')), { user, timeoutMs: 3_700_000 });
  await host.out(
    `tries=100; while [ ! -s ${made.words[2]} ] && [ $tries -gt 0 ]; do sleep 0.05; tries=$((tries - 1)); done`,
  );
  return {
    words: made.words,
    stop: async () => {
      const count = await made.stop();
      const { code, stderr } = await running;
      // Somebody may have ended it, and then that is no fault of its own.
      if (code !== 0 && code < 128) throw new Error(`the attacker has a fault of his own: ${stderr}`);
      return count;
    },
  };
}

/** One that somebody else starts: a build step, or a service. */
export const idle = (host: TestHost, ...mode: readonly string[]): Attacker => tool(host, 'attacker.py', mode);

function tool(host: TestHost, script: (typeof SCRIPTS)[number], words: readonly string[]): Attacker {
  numbers += 1;
  const own = `/tmp/attacker-${process.pid}-${numbers}`;
  return {
    words: [PYTHON, `${TOOLS}/${script}`, `${own}.count`, `${own}.stop`, ...words],
    stop: async () => {
      await host.out(`touch ${own}.stop`);
      return Number(await host.out(`cat ${own}.count 2>/dev/null || echo 0`));
    },
  };
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
