/**
 * What some registries put in front of every name (a project, an alias, the key of a repository), and people leave out.
 */

/**
 * `text` with `prefix` and a slash in front, unless it is there already. `back*` is a beginning and gets it as well; `*api` is an end, `*` and
 * `.*` mean everything, and stay. Nothing stays nothing.
 */
export function withPrefix(text: string, prefix: string | undefined): string {
  if (prefix === undefined || text === '' || text.startsWith(`${prefix}/`) || /^\.?\*/.test(text)) return text;
  return `${prefix}/${text}`;
}
