/**
 * The module text of a Go program: what `go version -m` prints, one fact a line, fields separated by tabs.
 *
 * Source: the Go project, `runtime/debug`, `ParseBuildInfo`.
 */
import { declaredText } from '../declared.ts';

/** One module; `replacement` is what was really built in its place. */
export interface GoModule {
  readonly path: string;
  /** With its `v`; `(devel)` or empty when it was built from a working copy. */
  readonly version: string;
  readonly replacement?: { readonly path: string; readonly version: string };
}

/** How a Go program was built. */
export interface GoBuild {
  /** The package that holds `main`: `github.com/containers/skopeo/cmd/skopeo`, or `command-line-arguments`. */
  readonly mainPackage?: string;
  readonly mainModule?: GoModule;
  readonly dependencies: readonly GoModule[];
  /** `build` lines: `-ldflags`, `GOOS`, `vcs.revision`; values unquoted. */
  readonly settings: ReadonlyMap<string, string>;
  readonly gaps: readonly string[];
}

/** Kubernetes has some hundreds. */
const MAX_LINES = 50_000;

/** Reads the module text. Lines we do not know are skipped, lines without a module path are told in `gaps`. */
export function parseModules(text: string): GoBuild {
  let mainPackage: string | undefined;
  let mainModule: GoModule | undefined;
  const dependencies: GoModule[] = [];
  const settings = new Map<string, string>();
  let last: 'main' | 'dependency' | undefined;
  let broken = 0;

  const lines = text.split('\n', MAX_LINES + 1);
  for (const line of lines.slice(0, MAX_LINES)) {
    const [kind, field = '', versionField] = line.split('\t', 3);
    const path = declaredText(field) ?? '';
    const version = declaredText(versionField) ?? '';
    if (kind === 'path') {
      mainPackage = path;
    } else if (kind === 'mod' || kind === 'dep') {
      last = undefined;
      if (path === '') {
        broken += 1;
      } else if (kind === 'mod') {
        mainModule = { path, version };
        last = 'main';
      } else {
        dependencies.push({ path, version });
        last = 'dependency';
      }
    } else if (kind === '=>') {
      const replaced = last === 'main' ? mainModule : last === 'dependency' ? dependencies.at(-1) : undefined;
      if (replaced === undefined || path === '') broken += 1;
      else if (last === 'main') mainModule = { ...replaced, replacement: { path, version } };
      else dependencies[dependencies.length - 1] = { ...replaced, replacement: { path, version } };
    } else if (kind === 'build') {
      const equals = findEquals(field);
      // Tabs inside a value are part of it: take it from the whole line.
      if (equals !== -1) settings.set(unquote(field.slice(0, equals)), unquote(line.slice(6 + equals + 1)));
    }
  }
  const gaps: string[] = [];
  if (broken > 0) gaps.push(`${broken} line(s) of the Go build information without a module`);
  if (lines.length > MAX_LINES) gaps.push(`Go build information is over ${MAX_LINES} lines; the rest was not read`);
  return {
    ...(mainPackage === undefined ? {} : { mainPackage }),
    ...(mainModule === undefined ? {} : { mainModule }),
    dependencies,
    settings,
    gaps,
  };
}

/** The `=` between key and value; a key with `=` or spaces in it is quoted. */
function findEquals(text: string): number {
  if (!text.startsWith('"')) return text.indexOf('=');
  const close = text.indexOf('"=', 1);
  return close === -1 ? -1 : close + 1;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

/** Go's `strconv.Unquote` for double and back quotes; other text is returned as it is. */
function unquote(text: string): string {
  if (text.length >= 2 && text.startsWith('`') && text.endsWith('`')) return text.slice(1, -1);
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  return text
    .slice(1, -1)
    .replace(/\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U0*([0-9a-f]{1,6})|(.))/gi, (_, hex, short, long, one: string) => {
      const code = Number.parseInt(hex ?? short ?? long ?? '', 16);
      return code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : (ESCAPES[one] ?? one ?? '');
    });
}
