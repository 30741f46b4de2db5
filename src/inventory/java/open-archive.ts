/**
 * One Java archive opened: which of its entries tell what it is, and which are archives again.
 */
import type { FileBody } from '../file-body.ts';
import type { ZipBudget } from '../zip/budget.ts';
import type { ZipEntry } from '../zip/parse-directory.ts';
import { openZip, type Zip } from '../zip/zip.ts';
import { extensionOf, JAVA_EXTENSIONS } from './file-name.ts';

/** An archive and the few of its entries that matter. */
export interface Archive {
  readonly body: FileBody;
  readonly zip: Zip;
  readonly manifest?: ZipEntry;
  /** `pom.properties` and `pom.xml`, in the archive's order. */
  readonly poms: readonly ZipEntry[];
  readonly nested: readonly ZipEntry[];
  /** Whether there is code in it. */
  readonly hasClasses: boolean;
}

const MANIFEST = 'META-INF/MANIFEST.MF';

/** Reads the directory of the archive. @throws {PlimsollError} as `openZip`. */
export function openArchive(body: FileBody, budget: ZipBudget): Archive {
  const wants = (name: string) => isManifest(name) || isPom(name) || isNested(name);
  const zip = openZip(body, { budget, wants, skipSuffix: '.class' });
  const poms: ZipEntry[] = [];
  const nested: ZipEntry[] = [];
  let manifest: ZipEntry | undefined;
  for (const entry of zip.entries) {
    if (isManifest(entry.name)) manifest = entry;
    else if (isPom(entry.name)) poms.push(entry);
    else nested.push(entry);
  }
  return { body, zip, ...(manifest !== undefined && { manifest }), poms, nested, hasClasses: zip.skippedCount > 0 };
}

function isManifest(name: string): boolean {
  return name.length === MANIFEST.length && (name === MANIFEST || name.toUpperCase() === MANIFEST);
}

/** Also below `WEB-INF/classes` and the folders in which agents hide what they shade. */
function isPom(name: string): boolean {
  return (name.endsWith('/pom.properties') || name.endsWith('/pom.xml')) && name.includes('META-INF/maven/');
}

function isNested(name: string): boolean {
  const last = name.charCodeAt(name.length - 1) | 0x20;
  // r, i, p, g: the last letters of all the extensions, so that most names cost no more than this.
  if (last !== 0x72 && last !== 0x69 && last !== 0x70 && last !== 0x67) return false;
  const dot = name.lastIndexOf('.');
  return dot !== -1 && name.length - dot <= 5 && JAVA_EXTENSIONS.has(extensionOf(name));
}
