/**
 * What Go and RustSec say beyond versions: the symbols that are affected, and the systems on which.
 *
 * Source: Go vulnerability database, "Schema", `imports[]` {path, symbols, goos, goarch}; RustSec advisory format, `affected` {functions,
 * os, arch}. Rust's functions are left out: nothing in a binary tells whether they are called.
 */
import type { AffectedPackage } from '../advisory.ts';
import { asList, asRecord, asText, type JsonRecord } from '../feed-json.ts';

/** The standard library's largest record has about 60 imports and 900 symbols. */
const MAX_IMPORTS = 1000;
const MAX_SYMBOLS = 10_000;
const MAX_TEXT_LENGTH = 300;

const NO_SYSTEMS = Object.freeze({});

/** Affected symbols by import path of a Go module; an import without symbols is affected as a whole. */
export function readImports(ecosystem: string, ownSpecific: JsonRecord): Pick<AffectedPackage, 'symbols'> {
  if (ecosystem !== 'Go') return {};
  const symbols = new Map<string, readonly string[]>();
  for (const one of asList(ownSpecific['imports'])) {
    const path = asText(asRecord(one)['path']);
    if (path === undefined || path.length > MAX_TEXT_LENGTH || symbols.size >= MAX_IMPORTS) continue;
    const named = texts(asRecord(one)['symbols']);
    const known = symbols.get(path);
    // Listed twice for two systems: a whole package stays a whole package.
    const isWhole = named.length === 0 || known?.length === 0;
    symbols.set(path, isWhole ? [] : [...new Set([...(known ?? []), ...named])]);
  }
  return symbols.size === 0 ? {} : { symbols: Object.fromEntries(symbols) };
}

/** The systems and architectures that alone are concerned; nothing where any import is concerned everywhere. */
export function systemsOf(ownSpecific: JsonRecord): Pick<AffectedPackage, 'operatingSystems' | 'arches'> {
  if (ownSpecific['affects'] === undefined && ownSpecific['imports'] === undefined) return NO_SYSTEMS;
  const affects = asRecord(ownSpecific['affects']);
  const imports = asList(ownSpecific['imports']).map(asRecord);
  const operatingSystems = [...texts(affects['os']).map(goos), ...unionOf(imports, 'goos')];
  const arches = [...texts(affects['arch']), ...unionOf(imports, 'goarch')];
  return {
    ...(operatingSystems.length > 0 && { operatingSystems }),
    ...(arches.length > 0 && { arches }),
  };
}

function unionOf(imports: readonly JsonRecord[], key: 'goos' | 'goarch'): readonly string[] {
  const lists = imports.map(one => texts(one[key]));
  return lists.some(list => list.length === 0) ? [] : [...new Set(lists.flat())];
}

/** Rust's `target_os` names what Go names, but for Apple's. */
function goos(name: string): string {
  return name === 'macos' ? 'darwin' : name;
}

function texts(value: unknown): readonly string[] {
  const all = asList(value).filter(one => typeof one === 'string' && one !== '' && one.length <= MAX_TEXT_LENGTH);
  return (all as readonly string[]).slice(0, MAX_SYMBOLS);
}
