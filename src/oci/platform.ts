/**
 * Platforms: operating system, architecture and variant that an image was built for.
 *
 * Source: OCI image-spec, image-index.md, "platform"; normalisation as in containerd/platforms.
 */
import { arch } from 'node:os';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';

/** What an image runs on. `variant` as in `arm64/v8`, always without a meaning of its own when absent. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** A map, not an object: images name their architecture freely, `constructor` for one. */
const ARCHITECTURE_ALIASES: ReadonlyMap<string, readonly [architecture: string, variant?: string]> = new Map([
  ['x86_64', ['amd64']],
  ['x86-64', ['amd64']],
  ['x64', ['amd64']],
  ['aarch64', ['arm64']],
  ['armhf', ['arm', 'v7']],
  ['armel', ['arm', 'v6']],
  ['i386', ['386']],
  ['i686', ['386']],
  ['ia32', ['386']],
  ['x86', ['386']],
  ['ppc64el', ['ppc64le']],
]);

const NODE_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };

/** Systems of images, which somebody may write alone. Source: GOOS of the Go distribution. */
const SYSTEMS: ReadonlySet<string> = new Set(['linux', 'windows', 'darwin', 'macos', 'freebsd', 'netbsd', 'openbsd']);

/** Reads `os/architecture[/variant]`, or an architecture alone, which means `linux`. @throws {PlimsollError} `PLATFORM_INVALID`. */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split('/');
  const isSystemAlone = parts.length === 1 && SYSTEMS.has(parts[0] ?? '');
  const wellFormed = !isSystemAlone && parts.length <= 3 && parts.every(part => /^[a-z0-9][a-z0-9_.-]*$/.test(part));
  const [os = '', architecture = '', variant] = parts.length === 1 ? ['linux', parts[0]] : parts;
  if (!wellFormed) {
    throw new PlimsollError(
      'PLATFORM_INVALID',
      `Cannot read platform "${printable(text)}": expected os/architecture[/variant], for example linux/arm64`,
    );
  }
  return toPlatform(os, architecture, variant);
}

/** A platform from the words of an index or config, with architecture aliases resolved and default variants dropped. */
export function toPlatform(os: string, architecture: string, variant?: string): Platform {
  const [name, aliasVariant] = ARCHITECTURE_ALIASES.get(architecture) ?? [architecture];
  const wanted = variant ?? aliasVariant;
  // arm64/v8 and amd64/v1 are what the bare names mean.
  const isDefault = (name === 'arm64' && wanted === 'v8') || (name === 'amd64' && wanted === 'v1') || wanted === '';
  return wanted === undefined || isDefault ? { os, architecture: name } : { os, architecture: name, variant: wanted };
}

/** `linux/arm/v7` for a platform. */
export function formatPlatform(platform: Platform): string {
  const variant = platform.variant === undefined ? '' : `/${platform.variant}`;
  return `${platform.os}/${platform.architecture}${variant}`;
}

/** How well `offered` serves someone who asked for `wanted`: 2 exactly, 1 the same but for the variant, 0 not at all. */
export function platformMatch(wanted: Platform, offered: Platform): 0 | 1 | 2 {
  if (wanted.os !== offered.os || wanted.architecture !== offered.architecture) return 0;
  if (wanted.variant === offered.variant) return 2;
  return wanted.variant === undefined || offered.variant === undefined ? 1 : 0;
}

/** The platform to take when nobody asked for one: Linux on this machine's architecture. */
export function defaultPlatform(): Platform {
  const architecture = arch();
  return toPlatform('linux', NODE_ARCHITECTURES[architecture] ?? architecture);
}
