/**
 * A version that the linker was told (`-X main.version=v1.2.3`), found among the constants of a Go program.
 *
 * `-trimpath` keeps the flags out of the build information. What they set stands among the short constants, ended by a NUL as no
 * other text of Go is, and beside the toolchain's own version, which is set the same way. Measured: within 1 kB in Docker 28 and
 * kubectl 1.27 to 1.32.
 */
import type { Executable } from '../executable/executable.ts';
import { constantRegions } from '../program/regions.ts';
import { scan } from '../program/scan.ts';

const DISTANCE_BYTES = 8192;
const VERSION =
  /(?<![\d.]|go)v?(\d{1,3}\.\d{1,3}\.\d{1,3}(?:-(?:alpha|beta|rc|dev|preview|test)[.\d]{0,8}|-\d{5,12})?)(?:\+security-\d{2})?\x00/g;

/** The version with its `v`; `undefined` when there is none, or several that differ: which variable was set cannot be told. */
export function findLinkerConstant(executable: Executable, goVersion: string): string | undefined {
  const pattern = { needle: `${goVersion}\x00`, before: DISTANCE_BYTES, after: DISTANCE_BYTES, version: VERSION };
  const rule = { name: 'go', cpe: [], files: [], patterns: [pattern] };
  const [found] = scan(executable.body, constantRegions(executable), [{ rule }]);
  return found === undefined ? undefined : `v${found.version}`;
}
