import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildCommand } from './built.ts';

let built: Awaited<ReturnType<typeof buildCommand>>;
beforeAll(async () => {
  built = await buildCommand();
}, 60_000);
afterAll(() => built?.[Symbol.asyncDispose]());

it.each(['deploy --help', 'help', '--help'])('whoever reads `fleet %s` may go at any time', (words) => {
  const piped = `{ '${process.execPath}' '${built.file}' ${words}; echo "ended with $?" >&2; } | :`;
  // By the time that it writes nobody reads any more.
  expect(spawnSync('sh', ['-c', piped], { encoding: 'utf8' }).stderr).toBe('ended with 0\n');
});
