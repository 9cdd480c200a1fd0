import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { python } from './running-jarvis.ts';

const app = fileURLToPath(new URL('amarktai/', import.meta.url));

/** Required keys with values that appear nowhere else, so that a search for them means something. */
export const KEYS = {
  JWT_SECRET: 'canary-jwt-7f3a',
  MONGO_URL: 'mongodb://canary-mongo-91c4',
  OPENAI_API_KEY: 'canary-openai-e20b',
} as const;

/** The server's side of ASGI, as far as the app needs it; uvicorn is on the test hosts only. */
const SERVER = `
import asyncio, json, server

async def lifespan(meanwhile):
    inbox, outbox = asyncio.Queue(), asyncio.Queue()
    running = asyncio.create_task(server.app({"type": "lifespan"}, inbox.get, outbox.put))
    await inbox.put({"type": "lifespan.startup"})
    print(json.dumps(await outbox.get()))
    if not running.done():
        await asyncio.sleep(0)
    if not running.done():
        await meanwhile()
        await inbox.put({"type": "lifespan.shutdown"})
        print(json.dumps(await outbox.get()))
    await running

async def get(path, method="GET"):
    outbox = []
    async def receive():
        return {"type": "http.request"}
    async def send(message):
        outbox.append(message)
    await server.app({"type": "http", "method": method, "path": path}, receive, send)
    print(json.dumps({"status": outbox[0]["status"], "body": json.loads(outbox[1]["body"])}))
`;

export type Run = {
  readonly code: number | null;
  /** One object per line that the piece of Python printed, by its type or the answer's status. */
  readonly said: readonly Readonly<Record<string, unknown>>[];
  /** What the app wrote into its log. */
  readonly log: string;
};

export type Scratch = Disposable & { readonly dir: string };

/** A working directory with the folders that a deploy makes. */
export function scratch(): Scratch {
  const dir = mkdtempSync(join(tmpdir(), 'fleet-amarktai-'));
  for (const folder of ['data', 'logs']) mkdirSync(join(dir, folder));
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Starts the app, runs Python lines that may `await get(path)`, and stops it. */
export function runAmarktai({ dir }: Scratch, lines: string, env: NodeJS.ProcessEnv = KEYS): Run {
  const body = lines.replace(/^/gm, '    ');
  const code = `${SERVER}\nasync def meanwhile():\n${body}\nasyncio.run(lifespan(meanwhile))\n`;
  const { status, stdout, stderr } = spawnSync(python, ['-B', '-c', code], {
    cwd: dir,
    env: { ...env, PYTHONPATH: app },
    encoding: 'utf8',
    timeout: 8000,
  });
  const said = stdout
    .split('\n')
    .filter(Boolean)
    .map((line): Record<string, unknown> => JSON.parse(line));
  return { code: status, said, log: stderr };
}
