// Joins what tsc wrote into a few files: a command that starts in a third of the time. Each command's part is loaded when
// it is called. Two folders below the project, as the parts are, so that what is read beside the sources is found.
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('../', import.meta.url));
const out = `${root}dist/bin`;

const bundle = await rolldown({
  input: `${root}dist/cli/main.js`,
  platform: 'node',
  // They load native parts where there are any.
  external: ['ssh2', 'node-ssh'],
});
rmSync(out, { recursive: true, force: true });
await bundle.write({ dir: out, format: 'esm', entryFileNames: 'fleet.js', chunkFileNames: '[name]-[hash].js' });
await bundle.close();
