import { command } from './app/command.ts';
import { file } from './app/file.ts';
import { generation } from './app/generation.ts';
import { logs } from './app/logs.ts';
import { unit } from './app/unit.ts';
import { clock } from './machine/clock.ts';
import { load } from './machine/load.ts';
import { memory } from './machine/memory.ts';
import { disk, inodes } from './machine/space.ts';
import { swap } from './machine/swap.ts';
import { temperature } from './machine/temperature.ts';
import { certificate } from './net/certificate.ts';
import { http } from './net/http.ts';
import { ports } from './net/ports.ts';
import { tcp } from './net/tcp.ts';

/** Every check kind. A new one is an import and an entry here. */
export const CHECKS = [
  ...[unit, http, tcp, command, temperature, memory],
  ...[disk, inodes, load, swap, clock, logs, file, generation, ports, certificate],
] as const;
