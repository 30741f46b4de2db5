import { defineConfig } from 'vitest/config';

// Two cores and real child processes: the default of one worker per core is right, long suites say so themselves.
export default defineConfig({
  ssr: { resolve: { conditions: ['plimsoll-source', 'node'] } },
  resolve: { conditions: ['plimsoll-source', 'node'] },
  test: {
    include: ['src/**/*.test.ts', 'web/src/**/*.test.ts', 'test/**/*.test.ts', 'bench/*.test.ts'],
    execArgv: ['--conditions=plimsoll-source'],
    // One fewer than the cores is the default, which leaves a machine of two half idle.
    maxWorkers: 2,
    testTimeout: 30_000,
    // Databases and servers start in hooks; on a busy machine that takes its time.
    hookTimeout: 60_000,
    setupFiles: ['test/no-internet.ts'],
    globalSetup: ['test/postgres-end.ts'],
  },
});
