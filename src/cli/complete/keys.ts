import { join } from 'node:path';
import { parseEnv } from '../../env/parse.ts';
import { readLocalText } from '../../local/file.ts';
import type { Names } from './names.ts';

/** Keys that stand in the files that an env comes from; nothing of a file with errors, where a line may be part of a value. */
export async function keysIn(project: string, { keys, envFiles }: Names): Promise<readonly string[]> {
  const files = await Promise.all(envFiles.map((file) => readLocalText(join(project, file)).catch(() => '')));
  const read = files.map(parseEnv).flatMap((env) => (env.ok ? env.value.map(({ key }) => key) : []));
  return [...new Set([...keys, ...read])].sort();
}
