/**
 * The OpenAPI document as people get it: only the schemas that something refers to, by name.
 *
 * The library writes each named schema twice, as it is taken and as it is given, in the order in which modules happened to be loaded.
 */

interface Document {
  readonly components?: { readonly schemas?: Readonly<Record<string, unknown>> };
}

/** The tidied document. */
export function tidyDocument<T extends object>(document: T): T {
  const { components = {}, ...rest } = document as Document & Record<string, unknown>;
  const { schemas = {}, ...others } = components;
  const wanted = new Set<string>();
  const queue = refsIn(rest);
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (wanted.has(name)) continue;
    wanted.add(name);
    queue.push(...refsIn(schemas[name]));
  }
  const kept = Object.fromEntries([...wanted].sort().map(name => [name, schemas[name]]));
  return { ...rest, components: { ...others, schemas: kept } } as T;
}

/** Names of the schemas that a value refers to. */
function refsIn(value: unknown): string[] {
  return [...(JSON.stringify(value) ?? '').matchAll(/"#\/components\/schemas\/([^"/]+)"/g)].map(
    match => match[1] ?? '',
  );
}
