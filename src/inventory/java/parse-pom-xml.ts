/**
 * `pom.xml` inside an archive: coordinates and licences, resolved from this one file only.
 *
 * A scanner for start tags, end tags and text in one pass, no document tree: of a hundred kilobytes ten lines matter. Entities
 * other than the five of XML are left as they are, so nothing can expand.
 */
import { type Coordinates, toId, toVersion } from './coordinates.ts';

/** What a `pom.xml` says of its own project. */
export interface Pom {
  /** Missing when artifact or version is inherited from a file that is not here. */
  readonly coordinates?: Coordinates;
  readonly licenses: readonly string[];
}

const MAX_DEPTH = 100;
const MAX_LICENSES = 20;
const MAX_VALUE_LENGTH = 500;
const MAX_NAME_LENGTH = 200;
/** The poms of the largest projects have some thousand. */
const MAX_TAGS = 50_000;
const BANG = 0x21;
const SLASH = 0x2f;
const COLON = 0x3a;
const QUESTION = 0x3f;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Reads a `pom.xml`. Damaged XML gives what came before the damage. Group and version fall back to those of the parent. */
export function parsePomXml(text: string): Pom {
  const values = new Map<string, string>();
  const licenses: string[] = [];
  scan(text, (path, value) => {
    if (path[1] === 'licenses') {
      if (path[3] === 'name' && value !== '' && licenses.length < MAX_LICENSES)
        licenses.push(value.replace(/\s+/g, ' '));
      return;
    }
    const key = path.slice(1).join('/');
    if (!values.has(key)) values.set(key, value);
  });

  const inherited = (key: string) => values.get(key) ?? values.get(`parent/${key}`);
  const resolve = (stated: string | undefined) =>
    stated?.replace(/\$\{([^}]{1,100})\}/g, (all, key: string) => {
      const name = key.replace(/^(?:project|pom)\./, '');
      if (name === 'groupId' || name === 'version') return inherited(name) ?? all;
      if (name.startsWith('parent.')) return values.get(name.replace('.', '/')) ?? all;
      return values.get(name === 'artifactId' ? name : `properties/${key}`) ?? all;
    });
  // Twice: `${revision}` may stand behind `${project.version}`. Anything deeper stays a placeholder and is refused.
  const twice = (stated: string | undefined) => resolve(resolve(stated)?.slice(0, MAX_VALUE_LENGTH));
  const group = toId(twice(inherited('groupId')));
  const artifact = toId(twice(values.get('artifactId')));
  const version = toVersion(twice(inherited('version')));
  if (artifact === undefined || version === undefined) return { licenses };
  return { coordinates: { ...(group !== undefined && { group }), artifact, version }, licenses };
}

/**
 * Calls `tell` with path (`['project', 'parent', 'version']`) and text of every innermost element that matters: those of the
 * project itself, its parent, its properties and its licences.
 */
function scan(text: string, tell: (path: readonly string[], value: string) => void): void {
  const path: string[] = [];
  let leafStart = -1;
  let tags = 0;
  for (let at = text.indexOf('<'); at !== -1; at = text.indexOf('<', at)) {
    const next = text.charCodeAt(at + 1);
    if (next === BANG || next === QUESTION) {
      at = skipMarkup(text, at);
      continue;
    }
    const end = text.indexOf('>', at);
    tags += 1;
    if (end === -1 || tags > MAX_TAGS) return;
    if (next === SLASH) {
      if (leafStart !== -1 && path[0] === 'project' && isWanted(path)) tell(path, plainText(text.slice(leafStart, at)));
      leafStart = -1;
      path.pop();
      if (path.length === 0) return;
    } else if (text.charCodeAt(end - 1) !== SLASH) {
      // Below four levels nothing is of interest, only how deep it goes.
      path.push(path.length < 4 ? localName(text, at + 1, end) : '');
      if (path.length > MAX_DEPTH) return;
      leafStart = end + 1;
    }
    at = end + 1;
  }
}

function isWanted(path: readonly string[]): boolean {
  if (path.length === 2) return true;
  if (path.length === 3) return path[1] === 'parent' || path[1] === 'properties';
  return path.length === 4 && path[1] === 'licenses';
}

/** Where the comment, CDATA section, declaration or instruction that begins at `at` ends. */
function skipMarkup(text: string, at: number): number {
  const close = text.startsWith('<!--', at) ? '-->' : text.startsWith('<![CDATA[', at) ? ']]>' : '>';
  const end = text.indexOf(close, at + 2);
  return end === -1 ? text.length : end + close.length;
}

/** The element's name without prefix and attributes. */
function localName(text: string, start: number, end: number): string {
  let stop = start;
  for (let code = text.charCodeAt(stop); stop < end && code > 0x20 && code !== SLASH; code = text.charCodeAt(stop)) {
    if (code === COLON) start = stop + 1;
    stop += 1;
  }
  return text.slice(start, Math.min(stop, start + MAX_NAME_LENGTH));
}

function plainText(markup: string): string {
  // Cut first, so that many unclosed comment marks inside a CDATA section cannot take long.
  const text = markup.slice(0, MAX_VALUE_LENGTH).replace(/<!--.*?-->/gs, '');
  return text.replace(/&(amp|lt|gt|quot|apos);/g, (all, name: string) => ENTITIES[name] ?? all).trim();
}
