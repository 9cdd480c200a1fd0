import { defineConfig } from 'vitest/config';

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  test: {
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
