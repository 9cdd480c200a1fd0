import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv } from 'ajv';
import { expect, it } from 'vitest';
import { jsonLines } from '../json-lines.ts';
import { deployScript } from './events.ts';
import { play } from './run.ts';

// What is shipped for scripts. Every run of the other tests, on hosts too, is held against it by `parseRun`.

const root = join(import.meta.dirname, '../..');
const shipped = () => readFileSync(join(root, 'schemas/line.schema.json'), 'utf8');

it('the schema of the lines is what the types of the lines say (npm run schemas)', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'scripts/line-schema.mjs')]);
  expect(JSON.parse(stdout)).toEqual(JSON.parse(shipped()));
});

it('a line that lacks something, has another type or something more is not taken for one of ours', async () => {
  const { stdout } = await play(deployScript(), 'deploy', 1, { mode: 'json' });
  const lines = jsonLines(stdout);
  expect(new Set(lines.map(({ type }) => type))).toContain('summary');
  expect(lines.length).toBeGreaterThan(10);
  const summary = lines.at(-1);
  const told = (line: object) => () => jsonLines(JSON.stringify(line));
  expect(told({ ...summary, exitCode: 'one' })).toThrow('exitCode');
  expect(told({ ...summary, more: true })).toThrow('more');
  expect(told({ ...summary, hosts: undefined })).toThrow('hosts');
  expect(told({ ...lines[0], type: 'nothing' })).toThrow('line.schema.json');
});

it('whoever reads with the shipped one is not disturbed by what later versions say besides', async () => {
  const validate = new Ajv({ allowUnionTypes: true }).compile(JSON.parse(shipped()));
  const { stdout } = await play(deployScript(), 'deploy', 1, { mode: 'json' });
  const summary = jsonLines(stdout).at(-1);
  expect(validate({ ...summary, later: 1 })).toBe(true);
  expect(validate({ ...summary, exitCode: 'one' })).toBe(false);
});
