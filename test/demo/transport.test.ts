import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadProject } from '../../src/config/project.ts';
import { resolveTargets } from '../../src/config/resolve.ts';
import { EVERYTHING } from '../../src/config/select.ts';
import { freePort } from '../../src/demo/port.ts';
import { writeDemoProject } from '../../src/demo/project.ts';
import { type DemoHost, startDemoHost } from '../../src/demo/server.ts';
import { sh } from '../../src/shell/sh.ts';
import { connector } from '../../src/transport/connect.ts';

const io = () => ({ signal: new AbortController().signal, timeoutMs: 5000 });

/** A connection to the demo host as fleet itself makes it: from the project's inventory, with the host key pinned. */
async function open(host: DemoHost) {
  const project = await writeDemoProject(host, await freePort(), process.execPath);
  const invoker = { env: {}, cwd: project.folder, home: join(host.root, 'home'), user: 'nobody' };
  const loaded = await loadProject(project.folder, { invoker, sshConfigFile: 'none' });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure));
  const resolved = await resolveTargets(loaded.value, EVERYTHING);
  const target = resolved.ok ? resolved.value.targets[0] : undefined;
  if (target === undefined) throw new Error(JSON.stringify(resolved));
  const connect = connector(target.connection, {
    acceptNew: false,
    accepted: { keys: new Map(), judged: Promise.resolve() },
    becomePassword: async () => null,
    passphrase: async () => null,
    connectTimeoutMs: 5000,
    keepaliveMs: 5000,
    retries: 0,
    homeKnownHosts: join(host.root, 'known_hosts'),
  });
  const link = await connect(io().signal);
  if (!link.ok) throw new Error(JSON.stringify(link.failure));
  return link.value;
}

test("fleet's own connection runs scripts, unpacks files and reaches services on a demo host", async () => {
  await using host = await startDemoHost();
  await using link = await open(host);
  const ran = await link.run(sh`echo ${'it works'}; exit 3`, io());
  expect(ran).toMatchObject({ ok: true, value: { code: 3, stdout: 'it works\n' } });

  const into = join(host.root, 'host', 'files');
  await mkdir(into, { recursive: true });
  const unpacked = await link.unpack([{ path: 'a/b', content: 'content', mode: 0o600 }], into, io());
  expect(unpacked).toMatchObject({ ok: true, value: { code: 0 } });
  expect(await readdir(into, { recursive: true })).toEqual(['a', 'a/b']);
  expect(await readFile(join(into, 'a', 'b'), 'utf8')).toBe('content');

  const service = createServer((socket) => socket.end('served')).listen(0, '127.0.0.1');
  await once(service, 'listening');
  const address = service.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const dialled = await link.dial('127.0.0.1', port, io());
  if (!dialled.ok) throw new Error(JSON.stringify(dialled.failure));
  let served = '';
  for await (const chunk of dialled.value) served += chunk;
  expect(served).toBe('served');
  service.close();
});
