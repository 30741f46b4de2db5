import { defineConfig } from 'vitest/config';

/** Folders whose tests share nothing that one could leave behind for the next: values in, values out. A process runs many of them. */
const PURE = [
  'src/{base,oci,purl,version,inventory,advisory,matching,certification,report}/**/*.test.ts',
  'web/src/**/*.test.ts',
];

const shared = {
  execArgv: ['--conditions=plimsoll-source'],
  // On a busy machine everything takes its time, and no test is about time: these end only what hangs.
  testTimeout: 90_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 30_000 } },
  setupFiles: ['test/no-internet.ts'],
};
const sources = {
  ssr: { resolve: { conditions: ['plimsoll-source', 'node'] } },
  resolve: { conditions: ['plimsoll-source', 'node'] },
};

export default defineConfig({
  test: {
    // Many suites wait for servers, browsers and registries more than they compute: two files more at a time than a small machine has cores.
    maxWorkers: 4,
    globalSetup: ['test/postgres-end.ts'],
    projects: [
      {
        ...sources,
        test: {
          ...shared,
          name: 'whole',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/*.test.ts'],
          exclude: ['**/node_modules/**', ...PURE],
        },
      },
      { ...sources, test: { ...shared, name: 'pure', include: PURE, isolate: false } },
    ],
  },
});
