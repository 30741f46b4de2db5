/**
 * Compiles what the program reaches from `src` to `dist`, and the web interface to `dist/web`, for the published package; a checkout never
 * uses `dist`.
 *
 * Plain JavaScript for whatever Node.js npm runs on: `npm run build`, and `prepack` for `npm pack` and `npm publish`. Silent when all is
 * well, because `npm pack --json` shares its standard output. Tests and fixtures stay out: no file of the program imports them.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildWeb } from './web/build.js';

const at = path => fileURLToPath(new URL(path, import.meta.url));

rmSync(at('dist'), { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  [at('node_modules/typescript/bin/tsc'), '--project', at('tsconfig.build.json')],
  {
    stdio: ['ignore', 2, 2],
  },
);
if (status !== 0 || !buildWeb({ folder: at('dist/web') })) {
  // Half a program is worse than none.
  rmSync(at('dist'), { recursive: true, force: true });
  process.stderr.write('plimsoll: not built\n');
  process.exitCode = 1;
}
