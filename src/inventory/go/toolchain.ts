/**
 * The Go toolchain's version string, and what it says of the standard library inside the program.
 */

/** The Go release that built a program. */
export interface Toolchain {
  /** As advisories write it: `1.22.1`, `1.19`, `1.22.0-rc.1`; `(devel)` for a build between releases, which has no version. */
  readonly version: string;
  /** Someone else's build of Go, who may have fixed vulnerabilities without changing the version. */
  readonly isVendor: boolean;
  /** Whether the string says more than the version does: a vendor, an experiment, a commit. */
  readonly isPlain: boolean;
}

/**
 * Reads the version string of a Go program.
 *
 * `go1.22rc1` -> `1.22.0-rc.1`; `go1.21.3 (Red Hat 1.21.3-4.el9)` -> `1.21.3`, vendor; `go1.22.5 X:boringcrypto`,
 * `go1.26.0-X:jsonv2` and `go1.18.1b7` -> the version alone: experiments of the Go project itself.
 */
export function parseToolchain(text: string): Toolchain {
  const [, release = '', preRelease, boring, rest = ''] =
    /^go(\d+(?:\.\d+){0,3})(?:(rc\d+|beta\d+|alpha\d+)|(b\d+))?(.*)$/s.exec(text) ?? [];
  if (release === '') return { version: '(devel)', isVendor: false, isPlain: false };
  const isPlain = rest === '' && boring === undefined;
  const isVendor = rest !== '' && !/^[ -]X:/.test(rest);
  if (preRelease === undefined) return { version: release, isVendor, isPlain };
  const [, word = '', number = ''] = /^([a-z]+)(\d+)$/.exec(preRelease) ?? [];
  const padded = [...release.split('.'), '0', '0'].slice(0, 3).join('.');
  return { version: `${padded}-${word}.${number}`, isVendor, isPlain };
}
