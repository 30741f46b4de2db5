/**
 * Merging a change into a document: what is absent keeps its value, objects merge field by field, everything else replaces.
 */

/** Depth of what is merged; deeper parts of a change replace whole. */
const MAX_DEPTH = 20;

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * `base` with `change` merged in. Neither is altered. `null` is a value: it empties a field. Lists are replaced, not joined.
 * `mergeDeep(base, {})` is `base`; merging the same change again changes nothing more.
 */
export function mergeDeep(base: JsonObject, change: JsonObject): JsonObject {
  return merge(base, change, 0);
}

function merge(base: JsonObject, change: JsonObject, depth: number): JsonObject {
  // Without a prototype, so that no key means anything but itself.
  const merged: Record<string, unknown> = Object.assign(Object.create(null), base);
  for (const [key, value] of Object.entries(change)) {
    if (value === undefined) continue;
    const before = Object.hasOwn(base, key) ? base[key] : undefined;
    merged[key] =
      isJsonObject(before) && isJsonObject(value) && depth < MAX_DEPTH ? merge(before, value, depth + 1) : value;
  }
  return { ...merged };
}

/** Whether a value is an object, and neither null nor a list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
