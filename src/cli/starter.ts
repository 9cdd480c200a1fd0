import { fileURLToPath } from 'node:url';

/** The files of a new project. Not compiled: the same relative path from src/cli, dist/cli and dist/bin. */
export const STARTER = fileURLToPath(new URL('../../src/cli/starter', import.meta.url));
