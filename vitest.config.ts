import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['plimsoll-source', 'node'] } },
  resolve: { conditions: ['plimsoll-source', 'node'] },
  test: {
    include: ['src/**/*.test.ts', 'web/src/**/*.test.ts', 'test/**/*.test.ts', 'bench/*.test.ts'],
    execArgv: ['--conditions=plimsoll-source'],
    // Many suites wait for servers, browsers and registries more than they compute: two files more at a time than a small machine has cores.
    maxWorkers: 4,
    // On a busy machine everything takes its time, and no test is about time: these end only what hangs.
    testTimeout: 90_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    setupFiles: ['test/no-internet.ts'],
    globalSetup: ['test/postgres-end.ts'],
  },
});
