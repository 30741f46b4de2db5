/**
 * Go versions: modules (`v1.2.3`, pseudo-versions, `+incompatible`) and the toolchain that carries the standard library (`go1.22rc1`).
 *
 * Source: golang.org/ref/mod, "Versions"; go.dev/doc/toolchain, "Go versions". Pseudo-versions need no care of their own: they are made to
 * sort right as SemVer pre-releases. Checked against node-semver in against-tools.test.ts, since compiling Go's own golang.org/x/mod/semver takes
 * longer than all other tests here together; 20,000 generated pairs were once compared with that without a difference.
 */

import { type VersionScheme, versionScheme } from './scheme.ts';
import { compareSemver, parseSemver, type SemVer } from './semver.ts';

const TOOLCHAIN = /^(?:go)?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:(alpha|beta|rc)(\d+))?$/;

const modules = versionScheme<SemVer>({
  id: 'go',
  parse: text => parseSemver(text) ?? parseToolchain(text),
  compare: compareSemver,
});

/**
 * Orders Go versions, with or without `v`, as the vulnerability database of Go leaves it out. Build labels (`+incompatible`, `+dirty`) do
 * not count. Reads toolchains as binaries name them: `go1.21.5 X:boringcrypto`, and `go1.21.5-vendor` as `go1.21.5`, since the rest
 * names who built it. `(devel)` and `devel go1.23-…` are unreadable.
 */
export const go: VersionScheme<SemVer> = {
  ...modules,
  parse: text => modules.parse(text.startsWith('go') ? text.replace(/[ -].*$/, '') : text),
};

/** `go1.22rc1` is the standard library's `1.22.0-rc.1`, and `go1.21` its `1.21.0`. */
function parseToolchain(text: string): SemVer | undefined {
  const [, major, minor = '0', patch = '0', stage, number] = TOOLCHAIN.exec(text) ?? [];
  if (major === undefined) return undefined;
  return parseSemver(`${major}.${minor}.${patch}${stage === undefined ? '' : `-${stage}.${number}`}`);
}
