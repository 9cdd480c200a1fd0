import { fileURLToPath } from 'node:url';

/** The files of a new project. Not compiled: the same relative path from src/cli and dist/bin. */
export const STARTER = fileURLToPath(new URL('./starter', import.meta.url));
