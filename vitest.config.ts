import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** They take a minute and more, and begin first: the last one would go on by itself. */
const LONG = [
  ...['runs/hundred', 'runs/watch', 'runs/cron', 'ci/action', 'library/fleet', 'runs/memory'],
  ...['faults/crashes', 'timer', 'runtime', 'lifecycle', 'cron', 'attacks/release'].map((name) => `e2e/${name}`),
  ...['safety/neighbours', 'systems/brain-in-jar', 'safety/poison', 'transaction/proof', 'rollout'].map(
    (name) => `e2e/${name}`,
  ),
].map((name) => `${import.meta.dirname}/test/${name}.test.ts`);
const gone = LONG.filter((file) => !existsSync(file));
if (gone.length > 0) throw new Error(`no such test: ${gone.join(', ')}`);

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => (LONG.includes(moduleId) ? LONG.indexOf(moduleId) : LONG.length);
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
    // `npm run coverage`: what the fast tests reach. Files that no test loads count too.
    coverage: {
      ...{ provider: 'v8', include: ['src/**/*.ts'], reportsDirectory: '.cache/coverage' },
      reporter: [['text', { skipFull: true, maxCols: 140 }], 'json-summary'],
    },
    projects: [
      {
        test: {
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**'],
          globalSetup: ['test/watch.ts'],
          // One process per file, so that the watch can end the one that is at fault.
          pool: 'forks',
          // Many wait for processes most of the time.
          maxWorkers: 3,
          setupFiles: ['test/at.ts', 'test/programs.ts'],
          // Shells and programs on a busy machine; what a test times it says itself.
          testTimeout: 40_000,
        },
      },
      {
        test: {
          name: 'hosts',
          include: ['test/e2e/**/*.test.ts'],
          setupFiles: ['test/at.ts', 'test/programs.ts'],
          globalSetup: ['test/watch.ts', 'test/e2e/rig/setup.ts'],
          pool: 'forks',
          // On two cores: they wait for hosts less often than they work, and a busy machine shows in what they time.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
