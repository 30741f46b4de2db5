/**
 * What is kept of an image’s config: what people look for in it. The environment is not, since secrets stand in it.
 */
import type { ImageConfig } from '#oci/manifest.ts';
import { cut } from '#store/row-set.ts';

/** A config as it is stored. Fields that it does not have are missing. */
export interface StoredConfig {
  readonly created?: string;
  readonly author?: string;
  readonly dockerVersion?: string;
  readonly user?: string;
  readonly workingDir?: string;
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly exposedPorts?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly diffIds: readonly string[];
  readonly history: readonly {
    readonly created?: string;
    readonly createdBy?: string;
    readonly comment?: string;
    readonly emptyLayer: boolean;
  }[];
}

const MAX_ENTRIES = 1000;
const MAX_TEXT = 4000;
/** Of the whole, as JSON. Labels that carry documents are cut long before. */
const MAX_LABEL = 2000;
const MAX_LABELS = 200;
/** What checks of a certification look at comes first, and whole: they must not judge by where it was cut. */
const JUDGED_LABELS = new Set(['name', 'vendor', 'version', 'release', 'summary', 'description', 'maintainer']);
const MAX_JUDGED_LABEL = 16_384;

/** The config, cut to what is worth keeping; some hundred kilobytes at most. */
export function trimConfig({ raw, created, diffIds, history }: ImageConfig): StoredConfig {
  const inner = asObject(raw['config']);
  const texts = {
    created,
    author: textOf(raw['author']),
    dockerVersion: textOf(raw['docker_version']),
    user: textOf(inner['User']),
    workingDir: textOf(inner['WorkingDir']),
  };
  const lists = {
    entrypoint: listOf(inner['Entrypoint']),
    cmd: listOf(inner['Cmd']),
    exposedPorts: keysOf(inner['ExposedPorts']),
  };
  const labels = labelsOf(inner['Labels']);
  return {
    ...present(texts),
    ...present(lists),
    ...(labels === undefined ? {} : { labels }),
    diffIds: diffIds.slice(0, MAX_ENTRIES),
    history: history.slice(0, MAX_ENTRIES).map(({ emptyLayer, ...entry }) => ({
      ...present({
        created: textOf(entry.created),
        createdBy: textOf(entry.createdBy),
        comment: textOf(entry.comment),
      }),
      emptyLayer,
    })),
  };
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? cut(value, MAX_TEXT) : undefined;
}

function listOf(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.slice(0, MAX_LABELS).flatMap(one => (typeof one === 'string' ? [cut(one, MAX_TEXT)] : []));
}

function keysOf(value: unknown): readonly string[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.keys(value)
    .slice(0, MAX_LABELS)
    .map(key => cut(key, MAX_LABEL));
}

function labelsOf(value: unknown): Readonly<Record<string, string>> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const all = Object.entries(value);
  const isJudged = ([key]: readonly [string, unknown]) => JUDGED_LABELS.has(key);
  const entries = [...all.filter(isJudged), ...all.filter(one => !isJudged(one))].flatMap(([key, label]) => {
    if (typeof label !== 'string') return [];
    return [[cut(key, MAX_LABEL), cut(label, JUDGED_LABELS.has(key) ? MAX_JUDGED_LABEL : MAX_LABEL)] as const];
  });
  return Object.fromEntries(entries.slice(0, MAX_LABELS));
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
}
