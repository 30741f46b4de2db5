/** What a build configuration may say, and what it says where nothing is said. */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { parsePlatform } from '#oci/platform.ts';
import type { BuildConfigurationFields, StoredBuildLimits } from '#store/build-configuration.ts';

const MINUTE_MS = 60_000;
const GIB = 1024 ** 3;

/** Limits of a build where nothing is said. */
export const DEFAULT_LIMITS: StoredBuildLimits = {
  timeMs: 60 * MINUTE_MS,
  memoryBytes: 4 * GIB,
  diskBytes: 20 * GIB,
  processes: 1024,
  outputBytes: 16 * 1024 * 1024,
};

/** The least and most that a project may set. */
const BOUNDS: Readonly<Record<keyof StoredBuildLimits, readonly [min: number, max: number]>> = {
  timeMs: [MINUTE_MS, 6 * 60 * MINUTE_MS],
  memoryBytes: [256 * 1024 ** 2, 64 * GIB],
  diskBytes: [GIB / 4, 500 * GIB],
  processes: [16, 32_768],
  outputBytes: [64 * 1024, 64 * 1024 * 1024],
};

/** Causes that come within ten minutes make one build, where nothing is said. */
export const DEFAULT_REBUILD_DELAY_SECONDS = 600;

const ARGUMENT_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
/** OCI distribution-spec, "Pulling manifests": one component of a name. */
const IMAGE_NAME = /^[a-z0-9]+(?:[._-]{1,2}[a-z0-9]+)*$/;
const MAX_PLATFORMS = 8;
/** Architectures of Linux that there are base images for, as Go's `GOARCH` names them. */
const ARCHITECTURES: ReadonlySet<string> = new Set([
  '386',
  'amd64',
  'arm',
  'arm64',
  'loong64',
  'mips64le',
  'ppc64le',
  'riscv64',
  's390x',
]);

/** Checks what of a configuration is plain. @throws {PlimsollError} `REQUEST_INVALID`. */
export function checkConfiguration(fields: BuildConfigurationFields): BuildConfigurationFields {
  const { source, platforms, limits, imageName } = fields;
  checkUrl(source.url);
  if (/[\s\p{Cc}]/u.test(source.ref) || source.ref.startsWith('-')) {
    throw invalid(`"${printable(source.ref, 100)}" is neither a branch, nor a tag, nor a commit`);
  }
  const dockerfile = checkPath(fields.dockerfile.trim() || 'Dockerfile', 'the Dockerfile');
  const context = checkPath(fields.context.trim() || '.', 'the context folder');
  if (imageName.length > 100 || !IMAGE_NAME.test(imageName)) {
    throw invalid(
      `"${printable(imageName, 100)}" is no name of an image: lower-case letters, digits, ".", "_" and "-"`,
    );
  }
  if (platforms.length > MAX_PLATFORMS)
    throw invalid(`there are ${platforms.length} platforms, at most ${MAX_PLATFORMS}`);
  for (const platform of platforms) checkPlatform(platform);
  for (const name of fields.argumentNames) {
    if (!ARGUMENT_NAME.test(name)) throw invalid(`"${printable(name, 100)}" is no name of a build argument`);
  }
  for (const name of Object.keys(BOUNDS) as (keyof StoredBuildLimits)[]) {
    const [min, max] = BOUNDS[name];
    if (limits[name] < min || limits[name] > max) {
      throw invalid(`the limit ${name} is ${limits[name]}, expected is a number from ${min} to ${max}`);
    }
  }
  return { ...fields, dockerfile, context, platforms: [...new Set(platforms)] };
}

/** A misspelt one would be built as the builder's own. */
function checkPlatform(text: string): void {
  const { os, architecture } = parsePlatform(text);
  if (os === 'linux' && ARCHITECTURES.has(architecture)) return;
  const known = [...ARCHITECTURES].map(name => `linux/${name}`).join(', ');
  throw invalid(`images cannot be built for the platform "${printable(text, 100)}", but for ${known}`);
}

/** The name that images of a project get in its space where nothing is said: the last part of its repository, or made from its name. */
export function defaultImageName({
  repository,
  name,
}: {
  readonly repository: string | undefined;
  readonly name: string;
}): string {
  const last = repository?.split('/').at(-1) ?? '';
  if (IMAGE_NAME.test(last)) return last;
  const made = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60)
    .replace(/-$/, '');
  return made === '' ? 'app' : made;
}

/** HTTPS, SSH as a URL or in the short form of scp; no password in it. Where it may lead is decided by whoever clones. */
function checkUrl(url: string): void {
  if (/^[\w.-]+@[\w.-]+:(?!\/\/)[^\s\p{Cc}]+$/u.test(url)) return;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['https:', 'ssh:'].includes(parsed.protocol)) {
    throw invalid(
      `"${printable(url.replace(/\/\/[^/@]*@/, '//'), 200)}" is no address of a Git repository: give https://host/path, ssh://git@host/path or git@host:path`,
    );
  }
  if (parsed.password !== '' || (parsed.protocol === 'https:' && parsed.username !== '')) {
    throw invalid('the address has a user name or password in it; give a token as the log-in instead');
  }
}

function checkPath(path: string, what: string): string {
  const parts = path.split('/').filter(part => part !== '' && part !== '.');
  if (path.startsWith('/') || parts.includes('..') || /[\p{Cc}\\]/u.test(path) || path.length > 500) {
    throw invalid(`"${printable(path, 200)}" does not name ${what}: give a path inside the repository`);
  }
  return parts.length === 0 ? '.' : parts.join('/');
}

function invalid(why: string): PlimsollError {
  return new PlimsollError('REQUEST_INVALID', `Cannot configure builds: ${why}`);
}
