import { fileURLToPath } from 'node:url';
import { readLocalText } from '../../local/file.ts';

/** The completion script of a shell. Not compiled: the same relative path from src/cli/complete and dist/bin. */
export const completionScript = (shell: string): Promise<string> =>
  readLocalText(fileURLToPath(new URL(`./scripts/fleet.${shell}`, import.meta.url)));
