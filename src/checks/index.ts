import { command } from './command.ts';
import { http } from './http.ts';
import { memory } from './memory.ts';
import { tcp } from './tcp.ts';
import { temperature } from './temperature.ts';
import { unit } from './unit.ts';

/** Every check kind. A new one is an import and an entry here. */
export const CHECKS = [unit, http, tcp, command, temperature, memory] as const;
