/**
 * The `release` file of a Java runtime: `KEY="value"` lines.
 *
 * Source: OpenJDK, `make/ReleaseFile.gmk`; vendors add keys of their own.
 */

/** What the file says of the runtime. */
export interface JavaRelease {
  /** `21.0.2+13`, `8.0.302+8`: as Java itself has counted since 9, without the vendor's suffix. */
  readonly version: string;
  readonly implementor?: string;
  /** `JDK` or `JRE`, when said. */
  readonly imageType?: string;
}

const MAX_LINES = 1000;

/** Reads the text; `undefined` when it is no Java release file: many programs have a file of that name. */
export function parseRelease(text: string): JavaRelease | undefined {
  const values = new Map<string, string>();
  for (const line of text.split('\n', MAX_LINES)) {
    const [, key = '', value = ''] = /^([A-Z_]{1,40})="?([^"\r]{0,200})"?\s*$/.exec(line) ?? [];
    if (key !== '' && value !== '') values.set(key, value);
  }
  const short = values.get('JAVA_VERSION');
  if (short === undefined) return undefined;
  // The runtime version carries the build; OpenJ9 and GraalVM say it under other keys, or not at all.
  const version = toJavaVersion(values.get('JAVA_RUNTIME_VERSION') ?? values.get('FULL_VERSION') ?? short);
  const known = version ?? toJavaVersion(short);
  if (known === undefined) return undefined;
  const implementor = values.get('IMPLEMENTOR') ?? values.get('VENDOR');
  const imageType = values.get('IMAGE_TYPE');
  return {
    version: known,
    ...(implementor === undefined ? {} : { implementor }),
    ...(imageType === undefined ? {} : { imageType }),
  };
}

/**
 * A Java version as counted since Java 9, from any form; `undefined` for other text.
 *
 * `1.8.0_302-b08` -> `8.0.302+8`; `17.0.15+6-Debian-1deb12u1` -> `17.0.15+6`; `25.0.3+9-LTS` -> `25.0.3+9`.
 *
 * Source: JEP 223, and its mapping of the older scheme.
 */
export function toJavaVersion(text: string): string | undefined {
  const [, major, minor, update = '0'] = /^1\.(\d{1,2})\.(\d{1,3})(?:_(\d{1,4}))?(?:-|$)/.exec(text) ?? [];
  if (major !== undefined && minor !== undefined) {
    const build = /-b(\d{1,4})(?:-|$)/.exec(text)?.[1];
    return `${major}.${minor}.${Number(update)}${build === undefined ? '' : `+${Number(build)}`}`;
  }
  return /^(\d{1,4}(?:\.\d{1,5}){0,5}(?:\+\d{1,5})?)(?:[-+ ]|$)/.exec(text)?.[1];
}
