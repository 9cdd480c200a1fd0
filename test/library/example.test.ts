import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { buildLibrary } from '../cli/built.ts';
import { openBench, STORY } from '../runs/bench.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/guides/library.md'), 'utf8');

it('the program of the page does what the page says', STORY, async () => {
  await using bench = await openBench('web1');
  bench.write(
    'app/serve.sh',
    'echo "opens with $TOKEN"\necho "$(cat VERSION) $$" >"$1/data/serving"\nexec sleep 600\n',
  );
  const [, program = ''] = /```js\n(.*?)```/s.exec(page) ?? [];
  const file = join(bench.folder, 'program.mjs');
  await using library = await buildLibrary();
  const own = program.replace("from '@fleet-deploy/fleet'", `from ${JSON.stringify(library.file)}`);
  expect(own).not.toBe(program);
  writeFileSync(file, own);
  const { env } = bench.world().invoker;
  const ended = await promisify(execFile)(process.execPath, [file, bench.folder], {
    env: { ...env },
    cwd: '/',
    timeout: 200_000,
  });
  expect(ended.stderr).toBe('');
  expect(ended.stdout).toMatch(/^web1: connect\nweb1: probe\n(web1: .*\n)+app on web1: deployed\n/);
  expect(ended.stdout).toMatch(/app\.service on web1 is active, has [\d.]+ MB and was restarted 0 times\n/);
  expect(ended.stdout).toMatch(/restarted 0 times\nweb1 app\.service: opens with \[secret TOKEN\]\n$/);
});
