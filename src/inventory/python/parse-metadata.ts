/**
 * Core metadata of a Python distribution: `METADATA` of a wheel, `PKG-INFO` of an egg.
 *
 * Source: the Python packaging specification "Core metadata", up to version 2.4. Only the headers are read; the description follows
 * after the first empty line.
 */
import { PlimsollError } from '#base/errors.ts';
import { declaredText } from '../declared.ts';
import { type HeaderBlock, parseHeaderBlock } from '../header-block.ts';

/** One installed distribution. */
export interface Metadata {
  /** As its author writes it, not normalised: `PyYAML`. */
  readonly name: string;
  readonly version: string;
  /** `License-Expression`, else `License`, else the classifiers. */
  readonly licenses: readonly string[];
}

/** Reads the headers. @throws {PlimsollError} `FILE_INVALID` without name or version. */
export function parseMetadata(text: string): Metadata {
  const headers = parseHeaderBlock(text);
  const name = declaredText(headers.get('name')?.[0]);
  const version = declaredText(headers.get('version')?.[0]);
  // setuptools writes UNKNOWN when a project does not say: such a name is nobody's.
  if (name === undefined || version === undefined || name === 'UNKNOWN') {
    throw new PlimsollError('FILE_INVALID', 'Its metadata has no name or no version');
  }
  return { name, version, licenses: licensesOf(headers) };
}

function licensesOf(headers: HeaderBlock): readonly string[] {
  const expression = headers.get('license-expression');
  if (expression !== undefined) return expression;
  const declared = (headers.get('license') ?? []).filter(text => text !== '' && text !== 'UNKNOWN');
  const classifiers = (headers.get('classifier') ?? []).flatMap(classifierLicense);
  // Some put the whole text of the licence into the header: a classifier says it in a line.
  const isText = declared.some(text => text.includes('\n'));
  return declared.length === 0 || (isText && classifiers.length > 0) ? classifiers : declared;
}

/** `License :: OSI Approved :: MIT License` says `MIT License`; the bare `OSI Approved` says nothing. */
function classifierLicense(classifier: string): string[] {
  if (!classifier.startsWith('License ::')) return [];
  const license = classifier.slice(classifier.lastIndexOf('::') + 2).trim();
  return license === '' || license === 'OSI Approved' ? [] : [license];
}
