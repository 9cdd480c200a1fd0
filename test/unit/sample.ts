import { readFileSync } from 'node:fs';
import type { UnitFile } from '../../src/model/plan.ts';
import { effective } from '../../src/unit/settings/effective.ts';
import { type ReadService, readService } from '../../src/unit/settings/read-service.ts';

export const file = (path: string, text: string): UnitFile => ({ path, text });

/** A unit of the systems that fleet is made for, as its authors wrote it. */
export const fixture = (name: string): UnitFile =>
  file(name, readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8'));

/** Reads the [Service] lines given, or a whole unit where the text has sections of its own. */
export function read(text: string, name = 'app.service'): ReadService {
  const whole = text.includes('[') ? text : `[Service]\n${text}`;
  return readService(effective(name, [file(name, whole)]));
}
