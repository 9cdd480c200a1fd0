// Writes dist/man/*.1 from the command tree. Runs on dist/, behind tsc.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { manualPages } from '../dist/cli/manual.js';
import { program } from '../dist/cli/program.js';

const root = new URL('../', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
// The same pages from the same sources: not the day on which they were made.
const [, day] = /^## .*, (\d{4}-\d{2}-\d{2})$/m.exec(readFileSync(new URL('CHANGELOG.md', root), 'utf8'));
const date = new Date(day).toLocaleDateString('en-US', { dateStyle: 'long', timeZone: 'UTC' });
const folder = new URL('dist/man/', root);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const nowhere = { write: () => true };
const fleet = program({ stdout: nowhere, stderr: nowhere }, () => {});
for (const { name, text } of manualPages(fleet, version, date)) writeFileSync(new URL(name, folder), text);
