import { readFileSync } from 'node:fs';

/** Where the package lies: two folders up from src/cli, and from dist/bin. */
export const PACKAGE = new URL('../../', import.meta.url);

export const VERSION: string = JSON.parse(readFileSync(new URL('package.json', PACKAGE), 'utf8')).version;
