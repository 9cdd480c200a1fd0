import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { cacheFolder, cacheName, readCachedBytes, writeCached } from './cache.ts';

export { cacheFolder };

// What the engine makes of our code costs a start a quarter of its time, and it comes out the same each time. It is kept
// as other things are that can be made again: for our own user, and only what nobody else could have written is run.

/** Smaller parts are compiled sooner than they are looked up. */
const WORTH = 4096;

type Part = { readonly name: string; readonly script: Script; readonly known: boolean };

/**
 * From here on, parts in this folder are loaded in the form in which they were kept, with the functions that were used.
 * @param about what tells apart those who use other functions, e.g. the command
 * @returns keeps what was not known; to be called at the end, when it is known what was used
 */
export async function withCompiled(code: string, cache: string, about: string): Promise<() => Promise<void>> {
  // The engine refuses by itself what another version of it made, or one with other flags.
  const name = cacheName('code-1', [code, about, process.version, process.arch]);
  const kept = unpack(await readCachedBytes(cache, name));
  const parts: Part[] = [];
  const { extensions } = createRequire(import.meta.url);
  const asEver = extensions['.js'];
  extensions['.js'] = (module, file) => {
    const text = dirname(file) === code ? readFileSync(file, 'utf8') : '';
    if (text.length < WORTH) return asEver?.(module, file);
    // The digest in its name stands for what is in it.
    const name = basename(file);
    const cachedData = kept.get(name);
    const script = new Script(`(function (exports, require, module, __filename, __dirname) {${text}\n})`, {
      filename: file,
      ...(cachedData && { cachedData }),
    });
    parts.push({ name, script, known: cachedData !== undefined && script.cachedDataRejected === false });
    script.runInThisContext().call(module.exports, module.exports, createRequire(file), module, file, code);
  };
  return async () => {
    if (parts.every(({ known }) => known)) return;
    // What this run had no use for is not lost, unless it is of an older build.
    const others = [...kept].filter(([name]) => existsSync(join(code, name)));
    const used = parts.map(({ name, script }) => [name, script.createCachedData()] as const);
    await writeCached(cache, name, pack(new Map([...others, ...used])));
  };
}

const pack = (parts: ReadonlyMap<string, Buffer>): Buffer =>
  Buffer.concat([
    Buffer.from(`${JSON.stringify([...parts].map(([name, { length }]) => [name, length]))}\n`),
    ...parts.values(),
  ]);

function unpack(bytes: Buffer | null): ReadonlyMap<string, Buffer> {
  if (bytes === null) return new Map();
  let at = bytes.indexOf('\n') + 1;
  const parts: readonly (readonly [string, number])[] = JSON.parse(bytes.toString('utf8', 0, at));
  return new Map(
    parts.map(([name, length]) => {
      at += length;
      return [name, bytes.subarray(at - length, at)];
    }),
  );
}
