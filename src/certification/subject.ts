/**
 * What the checks look at: one image for one platform, everything about it fetched before. Plain data throughout.
 */
import type { Inventory } from '#inventory/inventory.ts';
import type { BaseImage } from './base-image.ts';
import type { FileFacts } from './file-facts.ts';
import type { CheckSettings } from './settings.ts';

/** The name under which the image is, or will be, published. */
export interface ImageName {
  /** As people know it, for messages. */
  readonly text: string;
  /** Path in a registry without the host: `team/app`; missing for an image that is in none and was given no name. */
  readonly repository?: string;
  /** As the user wrote it; missing when the image was named by digest alone. */
  readonly tag?: string;
}

/** What is known of the tags that point at the image. */
export type TagFacts =
  /** It is in no registry that could be asked: an archive, a layout, a folder. */
  | { readonly kind: 'no-registry' }
  /** The name has a tag of its own; whether the registry says that it points at this image, if it was asked. */
  | { readonly kind: 'named'; readonly pointsHere?: boolean }
  /** The name has none, or `latest`: which of the repository's other tags point here. */
  | {
      readonly kind: 'looked-for';
      /** Tags other than `latest` that point at this image. */
      readonly pointingHere: readonly string[];
      /** Tags of the repository other than `latest`. */
      readonly otherCount: number;
      /** Whether every tag was looked at. */
      readonly isComplete: boolean;
    }
  | { readonly kind: 'unknown'; readonly why: string };

/** What the config of the image says, as far as checks ask. */
export interface ConfigFacts {
  /** `User` as written; empty when the config names none. */
  readonly user: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Lowest layer first. */
  readonly diffIds: readonly string[];
  /** ISO 8601. */
  readonly created?: string;
  readonly architecture?: string;
}

/** An image under test. */
export interface CertificationSubject {
  readonly name: ImageName;
  readonly tags: TagFacts;
  /** Missing for a root folder. */
  readonly config?: ConfigFacts;
  /** Layers of the manifest; missing for a root folder. */
  readonly layerCount?: number;
  readonly inventory: Inventory;
  readonly files: FileFacts;
  /** The catalogue of base images; empty when nobody gave one. */
  readonly bases: readonly BaseImage[];
  readonly settings: CheckSettings;
}

const MAX_LABELS = 1000;
const MAX_LABEL_CHARACTERS = 16_384;

/**
 * What the raw document of a config says. Whatever is not of the form the specification wants reads as missing; labels beyond a thousand,
 * or longer than any sense, are cut.
 */
export function toConfigFacts(config: {
  readonly diffIds: readonly string[];
  readonly created?: string;
  readonly platform: { readonly architecture: string };
  readonly raw: Readonly<Record<string, unknown>>;
}): ConfigFacts {
  const inner = recordOf(config.raw['config']);
  const labels = Object.entries(recordOf(inner['Labels']))
    .filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    .slice(0, MAX_LABELS)
    .map(([key, value]) => [key, value.slice(0, MAX_LABEL_CHARACTERS)] as const);
  const user = inner['User'];
  return {
    user: typeof user === 'string' ? user.slice(0, MAX_LABEL_CHARACTERS) : '',
    labels: Object.fromEntries(labels),
    diffIds: config.diffIds,
    ...(config.created === undefined ? {} : { created: config.created }),
    architecture: config.platform.architecture,
  };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
