// Writes docs/reference/*.md from the editor schemas, the tables of the program and the command tree. Runs on dist/, behind
// tsc and scripts/schemas.mjs.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { program } from '../dist/cli/program.js';
import { referencePages } from '../dist/cli/reference/pages.js';
import { topics } from '../dist/cli/reference/topics.js';

const root = new URL('../', import.meta.url);
const schema = (name) => JSON.parse(readFileSync(new URL(`schemas/${name}.schema.json`, root), 'utf8'));
const nowhere = { write: () => true };
const fleet = program({ stdout: nowhere, stderr: nowhere }, () => {});

const folder = new URL('docs/reference/', root);
mkdirSync(folder, { recursive: true });
// A page that is not made any more.
for (const file of readdirSync(folder)) rmSync(new URL(file, folder));
for (const { file, text } of referencePages(topics(schema('inventory'), schema('playbook'), schema('line')), fleet))
  writeFileSync(new URL(file, folder), text);
