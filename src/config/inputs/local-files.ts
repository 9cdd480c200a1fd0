import { cacheFolder } from '../../local/cache.ts';
import { readLocal } from '../../local/file.ts';
import { fail } from '../../model/outcome.ts';
import type { Tree } from '../../model/plan.ts';
import { InputError, type LocalIo, type SecretSource } from '../../tasks/define.ts';
import { once } from '../../util/async.ts';
import type { Invoker } from '../invoker.ts';
import { fillText, type Lookup } from '../playbook/template.ts';
import { localPath } from '../ssh/ssh-tokens.ts';
import { readSecret, unreadable } from './secret-source.ts';
import { listFiles, readTree } from './tree.ts';

/** What is different for each app on each host. */
export type LocalView = {
  readonly lookup: Lookup;
  /** Data folders of the app, which no tree carries. */
  readonly data: readonly string[];
  /** Told of each folder that becomes a tree. */
  readonly onTree: (folder: string) => void;
};

/** The operator's files as tasks see them. Whatever many hosts ask for is read, walked or run once. */
export function localFiles(
  projectDir: string,
  invoker: Invoker,
  warn: (text: string) => void,
  hint: (text: string) => void = () => {},
): (view: LocalView) => LocalIo {
  const texts = once<string>();
  const contents = once<string | Uint8Array>();
  const lists = once<readonly string[]>();
  const trees = once<Tree>();
  const secrets = once<string>();
  const cache = { folder: cacheFolder(invoker.env, invoker.home) };
  const absolute = (path: string) => localPath(path, invoker, projectDir);
  return ({ lookup, data, onTree }) => ({
    read: (path) => texts(path, () => readText(path, absolute(path))),
    bytes: (path) => contents(path, async () => textOrBytes(await readBytes(path, absolute(path)))),
    list: (folder) => lists(folder, () => listFiles(absolute(folder), folder)),
    tree: async (folder, exclude) => {
      const key = JSON.stringify([folder, exclude, data]);
      const tree = await trees(key, () => readTree(absolute(folder), folder, exclude, data, warn, cache));
      onTree(tree.from);
      return tree;
    },
    secret: (source: SecretSource) =>
      secrets(JSON.stringify(source), () => readSecret(source, projectDir, invoker, warn)),
    fill: (text, file) => fillFile(text, file, lookup),
    warn,
    hint,
  });
}

/** What a `files` entry may hold; larger things are code. */
const MOST = 64 * 1024 * 1024;

/** As it stands, a byte order mark in front included: some readers stumble over it, and some want it. */
async function readText(shown: string, path: string): Promise<string> {
  const bytes = await readBytes(shown, path);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InputError(`${shown} is not UTF-8 text`);
  }
}

const readBytes = (shown: string, path: string): Promise<Buffer> =>
  readLocal(path, MOST).catch((error: unknown) => {
    throw new InputError(unreadable(shown, error));
  });

/** Nothing of a file may change on its way, a byte order mark included. */
function textOrBytes(bytes: Buffer): string | Uint8Array {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Uint8Array.from(bytes);
  }
}

function fillFile(text: string, file: string, lookup: Lookup): string {
  const single: Lookup = (name) => {
    const found = lookup(name);
    if (!found.ok || typeof found.value === 'string') return found;
    return fail({ message: `"${name}" is a list, and only a single value can be filled into a file`, fix: null });
  };
  const filled = fillText(text, single);
  if (filled.ok) return filled.value;
  const [first, ...more] = filled.failure;
  const before = text.slice(0, first?.offset ?? 0).split('\n');
  const at = { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  const others = more.length > 0 ? ` (and ${more.length} more in this file)` : '';
  throw new InputError(`${first?.message}${first?.fix ? `; ${first.fix}` : ''}${others}`, at);
}
