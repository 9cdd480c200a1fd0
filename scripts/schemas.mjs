// Writes schemas/*.schema.json: for editors, from the schemas that fleet itself uses, and what the lines of `--json` are. Runs on dist/: npm run build first.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inventoryJsonSchema, playbookJsonSchema } from '../dist/config/json-schema.js';
import { REGISTRY } from '../dist/config/playbook/registry.js';

const folder = new URL('../schemas/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, schema] of [
  ['inventory', inventoryJsonSchema()],
  ['playbook', playbookJsonSchema(REGISTRY)],
]) {
  writeFileSync(new URL(`${name}.schema.json`, folder), `${JSON.stringify(schema, null, 1)}\n`);
}
const lines = execFileSync(process.execPath, [fileURLToPath(new URL('line-schema.mjs', import.meta.url))]);
writeFileSync(new URL('line.schema.json', folder), lines);
