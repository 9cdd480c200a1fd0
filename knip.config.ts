// biome-ignore lint/style/noDefaultExport: knip reads the default export
export default {
  // What the bundle starts from, what the editor schemas, the manual pages and the reference are written with; a test joins first-use.ts into a program of its own.
  entry: [
    'src/cli/main.ts!',
    'src/library/index.ts!',
    'src/config/json-schema.ts!',
    'src/cli/manual.ts!',
    'src/cli/reference/pages.ts!',
    'scripts/*.mjs',
    'test/transport/first-use.ts',
  ],
  project: ['src/**/*.ts!', 'test/**/*.ts', 'scripts/*.mjs'],
  // What a file exports for its tests alone is no dead code where the file uses it too.
  ignoreExportsUsedInFile: process.argv.includes('--production'),
  // scripts/programs.json is the list of programs, and held under test.
  exclude: ['binaries'],
};
