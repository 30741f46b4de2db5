/**
 * The `DESCRIPTION` of an R package.
 *
 * Source: "Writing R Extensions", 1.1.1. The field `Built` is added when a package is installed: source trees do not have it.
 */
import { declaredText } from '../declared.ts';
import { type HeaderBlock, parseHeaderBlock } from '../header-block.ts';

/** One installed package. */
export interface DescriptionRow {
  readonly name: string;
  readonly version: string;
  readonly license?: string | undefined;
  /** `CRAN`, `Bioconductor`, or where `remotes` took it from: `github`. */
  readonly repository?: string | undefined;
  readonly commit?: string | undefined;
}

/** Reads the file; `undefined` when it is not of an installed package, or of one that is a part of R itself (`Priority: base`). */
export function parseDescription(text: string): DescriptionRow | undefined {
  const headers = parseHeaderBlock(text);
  const name = first(headers, 'package');
  const version = first(headers, 'version');
  if (name === undefined || version === undefined || !headers.has('built')) return undefined;
  if (first(headers, 'priority') === 'base') return undefined;
  return {
    name,
    version,
    license: first(headers, 'license'),
    repository:
      first(headers, 'repository') ??
      first(headers, 'remotetype') ??
      (headers.has('biocviews') ? 'Bioconductor' : undefined),
    commit: first(headers, 'remotesha'),
  };
}

function first(headers: HeaderBlock, name: string): string | undefined {
  return declaredText(headers.get(name)?.[0]);
}
