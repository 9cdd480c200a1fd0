import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withCompiled } from '../../src/local/code-cache.ts';

/** A folder of parts as the build makes them, and a home for what is kept. */
function parts() {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-parts-'));
  const [code, cache] = [join(folder, 'bin'), join(folder, 'cache/fleet')];
  mkdirSync(code);
  const require = createRequire(join(code, 'x.js'));
  const write = (name: string, text: string) => writeFileSync(join(code, name), `${text}\n//${' '.repeat(5000)}`);
  write('inner-AAAAAAAA.js', 'exports.word = () => "inner"; exports.where = [__dirname, __filename, module.id];');
  write(
    'outer-BBBBBBBB.js',
    'const inner = require("./inner-AAAAAAAA.js"); exports.say = () => "outer " + inner.word();',
  );
  writeFileSync(join(code, 'small.js'), 'exports.small = true;');
  return {
    ...{ code, cache, write },
    /** As one process: what it loads, then its end. */
    async run(names: readonly string[] = ['outer-BBBBBBBB.js', 'small.js'], about = 'deploy') {
      const before = require.extensions['.js'];
      try {
        for (const name of readdirSync(code)) delete require.cache[join(code, name)];
        const keep = await withCompiled(code, cache, about);
        const loaded = names.map((name) => require(join(code, name)));
        const said = loaded[0]?.say?.();
        await keep();
        return { said, loaded };
      } finally {
        require.extensions['.js'] = before;
      }
    },
    kept: () => readdirSync(cache).map((name) => join(cache, name)),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

describe('code that was compiled before', () => {
  it('is kept at the end of a run for our own user, and the next run does the same with it', async () => {
    using made = parts();
    expect((await made.run()).said).toBe('outer inner');
    const [file = ''] = made.kept();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { ino } = statSync(file);
    const { said, loaded } = await made.run();
    expect(said).toBe('outer inner');
    expect(loaded[1]).toEqual({ small: true });
    // All was known: nothing was written.
    expect(statSync(file).ino).toBe(ino);
    expect(made.kept()).toHaveLength(1);
  });

  it('a part that was not loaded before is kept too, and what was broken is made again', async () => {
    using made = parts();
    await made.run(['inner-AAAAAAAA.js']);
    const [file = ''] = made.kept();
    const one = statSync(file);
    await made.run();
    const two = statSync(file);
    expect(two.size).toBeGreaterThan(one.size);

    const bytes = readFileSync(file);
    const last = bytes.length - 40;
    bytes[last] = (bytes[last] ?? 0) ^ 0xff;
    writeFileSync(file, bytes);
    expect((await made.run()).said).toBe('outer inner');
    expect(statSync(file).ino).not.toBe(two.ino);
    expect((await made.run()).said).toBe('outer inner');
  });

  it('runs that take turns with other parts do not write each time, and what is of an older build goes', async () => {
    using made = parts();
    await made.run(['inner-AAAAAAAA.js']);
    made.write('other-DDDDDDDD.js', 'exports.other = true;');
    await made.run(['other-DDDDDDDD.js']);
    const [file = ''] = made.kept();
    const both = statSync(file);
    await made.run(['inner-AAAAAAAA.js']);
    await made.run(['other-DDDDDDDD.js']);
    expect(statSync(file).ino).toBe(both.ino);
    rmSync(join(made.code, 'inner-AAAAAAAA.js'));
    made.write('newer-EEEEEEEE.js', 'exports.newer = true;');
    await made.run(['newer-EEEEEEEE.js']);
    expect(readFileSync(file, 'latin1')).toContain('other-DDDDDDDD.js');
    expect(readFileSync(file, 'latin1')).not.toContain('inner-AAAAAAAA.js');
  });

  it('each command keeps its own, and other code of the same length is not mistaken for it', async () => {
    using made = parts();
    await made.run();
    await made.run(undefined, 'health');
    expect(made.kept()).toHaveLength(2);
    made.write(
      'outer-CCCCCCCC.js',
      'const inner = require("./inner-AAAAAAAA.js"); exports.say = () => "OTHER " + inner.word();',
    );
    expect((await made.run(['outer-CCCCCCCC.js'])).said).toBe('OTHER inner');
  });

  it('a part knows where it is, as without', async () => {
    using made = parts();
    const where = [made.code, join(made.code, 'inner-AAAAAAAA.js'), join(made.code, 'inner-AAAAAAAA.js')];
    expect((await made.run(['inner-AAAAAAAA.js'])).loaded[0].where).toEqual(where);
    expect((await made.run(['inner-AAAAAAAA.js'])).loaded[0].where).toEqual(where);
  });

  it('what others could have written is not run', async () => {
    using made = parts();
    await made.run();
    const [file = ''] = made.kept();
    const { ino } = statSync(file);
    await made.run();
    expect(statSync(file).ino).toBe(ino);
    chmodSync(file, 0o622);
    expect((await made.run()).said).toBe('outer inner');
    // Not taken, and so made anew.
    expect(statSync(file)).not.toMatchObject({ ino });
    chmodSync(made.cache, 0o777);
    const before = statSync(file);
    expect((await made.run()).said).toBe('outer inner');
    // Such a folder is not written to either.
    expect(statSync(file)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  });
});
