import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { running } from './watch.ts';

// Runs before every test file: says which one this process is at, for the watch in the main process.
const folder = running(process.ppid);
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, String(process.pid)), `${Date.now()}\n${expect.getState().testPath}\n`);
