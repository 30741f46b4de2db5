/**
 * The version that a build script hands to the Go linker: `-ldflags "-X main.version=1.2.3"`.
 *
 * `go build` in a working copy says `(devel)` of its own module, before Go 1.24 always; the linker flag is then the only version there is.
 */

const VERSION_KEY = /(?:^|[./])(?:version|ver|gitversion)$/i;
const VERSION = /^v?(\d+(?:\.\d+){1,3}(?:[-+][0-9A-Za-z.+-]+)?)$/;

/**
 * The program's version with its `v`, out of linker flags; `undefined` when they name none, or two that contradict each other.
 *
 * Variables of `<module>/cmd/…` are believed before those of packages called `main`, `common`, `version` or `cmd`, and these
 * before any other: the last may set the version of a library.
 */
export function findLinkerVersion(ldflags: string, module: string | undefined): string | undefined {
  const ranked: (Set<string> | undefined)[] = [];
  for (const [key, value] of variables(ldflags)) {
    const version = VERSION.exec(value)?.[1];
    if (version === undefined || !VERSION_KEY.test(key)) continue;
    const rank = rankOf(key, module);
    ranked[rank] ??= new Set();
    ranked[rank].add(`v${version}`);
  }
  const best = ranked.find(versions => versions !== undefined);
  return best?.size === 1 ? [...best][0] : undefined;
}

function rankOf(key: string, module: string | undefined): number {
  if (module !== undefined && key.startsWith(`${module}/cmd/`)) return 0;
  const packagePath = key.slice(0, key.lastIndexOf('.'));
  return /(?:^|\/)(?:main|common|version|cmd)$/.test(packagePath) ? 1 : 2;
}

/** The `-X name=value` settings: `-X a.b=c`, `-X=a.b=c`, with single or double quotes around the argument. */
function* variables(ldflags: string): Generator<[key: string, value: string]> {
  const words = splitFlags(ldflags);
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const argument = /^--?X=/.test(word) ? word.slice(word.indexOf('=') + 1) : /^--?X$/.test(word) ? words[++at] : '';
    const equals = argument?.indexOf('=') ?? -1;
    if (argument !== undefined && equals > 0) yield [argument.slice(0, equals), argument.slice(equals + 1)];
  }
}

/** As the go command splits flag lists: at white space, a word may be quoted as a whole, nothing is escaped. */
function splitFlags(text: string): string[] {
  const words: string[] = [];
  for (const match of text.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)) words.push(match[1] ?? match[2] ?? match[3] ?? '');
  return words;
}
