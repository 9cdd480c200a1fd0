import { z } from 'zod';

/**
 * What the schemas of several task kinds share. None transforms its input, so parsing twice gives the same. Messages
 * are predicates: the name of the key is put before them.
 */

/** Name of an account or a group: what useradd takes, and never an option. */
export const accountName = z
  .string()
  .max(32)
  .regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/, 'must be letters, digits and "_.-", and begin with a letter or "_"');

export const isAbsolute = (path: string) => path.startsWith('/');

/** Why the parts of a path cannot be used, or null. */
function pathTrouble(path: string): string | null {
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'must not contain control characters';
  if (path !== path.trim()) return 'must not begin or end with a space';
  const parts = (isAbsolute(path) ? path.slice(1) : path).split('/');
  return parts.some((part) => ['', '.', '..'].includes(part)) ? 'must not contain empty, "." or ".." parts' : null;
}

const path = (trouble: (path: string) => string | null) =>
  z.string().check((context) => {
    const message = trouble(context.value) ?? pathTrouble(context.value);
    if (message !== null) context.issues.push({ code: 'custom', input: context.value, message });
  });

export const absolutePath = path((text) => (isAbsolute(text) ? null : 'must be an absolute path'));

/** A path in the release. */
export const relativePath = path((text) => (isAbsolute(text) ? 'must be relative to the release' : null));

/** An absolute path, or one relative to a folder that the field's description names. */
export const anyPath = path(() => null);

/** A file or folder on the operator's machine; whether it is there is found out when it is read. */
export const localPath = z.string().min(1);

const quoted = (issue: { readonly input?: unknown }) =>
  typeof issue.input === 'number'
    ? 'must be in quotes, as in "0640": without them YAML reads a decimal number'
    : undefined;

const OCTAL = 'must be an octal mode such as "0640"';

export const fileMode = z.string({ error: quoted }).regex(/^0?[0-7]{3}$/, OCTAL);

/** May carry the setgid and the sticky bit. */
export const folderMode = z.string({ error: quoted }).regex(/^[0-3]?[0-7]{3}$/, OCTAL);

export const octal = (mode: string) => Number.parseInt(mode, 8);

export const showMode = (mode: number) => mode.toString(8).padStart(4, '0');

/** A command as words; no shell reads it unless its words start one. */
export const argv = z
  .array(z.string().refine((word) => !word.includes('\0'), 'must not contain NUL'))
  .min(1)
  .refine((words) => words[0] !== '', 'must begin with the name of a command')
  .meta({ examples: [['python3', '-m', 'venv', '.venv']] });

/** A list whose entries differ in what `name` tells of them. */
export const distinct = <T extends z.ZodType>(entry: T, name: (value: z.output<T>) => string) =>
  z.array(entry).check((context) => {
    const names = context.value.map(name);
    names.forEach((one, i) => {
      if (names.indexOf(one) === i) return;
      context.issues.push({ code: 'custom', input: one, path: [i], message: `must not name ${one} twice` });
    });
  });
