// Prints schemas/line.schema.json: what the lines of `--json` are, from the types that they are made by. A test compares.
import { fileURLToPath } from 'node:url';
import { createGenerator } from 'ts-json-schema-generator';

const root = fileURLToPath(new URL('../', import.meta.url));
const generator = createGenerator({
  ...{ path: `${root}src/output/json-line.ts`, tsconfig: `${root}tsconfig.json`, type: 'JsonLine', topRef: false },
  // Types are checked by `npm run check`. A later version may say more in a line: whoever reads it must not mind.
  ...{ skipTypeCheck: true, additionalProperties: true },
});
const { $schema, description, ...schema } = generator.createSchema('JsonLine');
const whole = { $schema, title: 'a line of fleet --json', description, ...schema };
process.stdout.write(`${JSON.stringify(whole, null, 1)}\n`);
