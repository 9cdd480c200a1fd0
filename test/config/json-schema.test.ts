import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inventoryJsonSchema, playbookJsonSchema } from '../../src/config/json-schema.ts';
import { REGISTRY } from '../../src/config/playbook/registry.ts';

const checkedIn = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), 'utf8'));
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('the JSON schemas for editors (npm run schemas)', () => {
  it('are those of the program: inventory', () => {
    expect(checkedIn('inventory')).toEqual(plain(inventoryJsonSchema()));
  });

  it('are those of the program: playbook', () => {
    expect(checkedIn('playbook')).toEqual(plain(playbookJsonSchema(REGISTRY)));
  });

  it('know every kind of task and check', () => {
    const text = JSON.stringify(playbookJsonSchema(REGISTRY));
    for (const { kind } of [...REGISTRY.tasks, ...REGISTRY.checks]) expect(text).toContain(`"${kind}":`);
  });
});
