/** Declared licences in an SPDX document: identifiers and expressions as they are, everything else by reference to its text. */
import { hash } from 'node:crypto';
import { printable } from '#base/text.ts';
import { readLicense } from './license.ts';

/** A licence that is on no list: SPDX 2.3, chapter 10. */
export interface ExtractedLicense {
  readonly licenseId: string;
  readonly extractedText: string;
  readonly name: string;
}

/** Turns declared licences into expressions and remembers the texts they refer to, for one document. */
export class LicenseCollector {
  readonly #extracted = new Map<string, ExtractedLicense>();

  /** The expression for all licences of one package, or `undefined` when it declares none. All of them apply: they are joined by AND. */
  expressionFor(declared: readonly string[]): string | undefined {
    const parts = new Set(declared.filter(text => text.trim() !== '').map(text => this.#expressionOf(text)));
    if (parts.size < 2) return parts.values().next().value;
    return [...parts].map(part => (part.includes(' ') ? `(${part})` : part)).join(' AND ');
  }

  /** The texts referred to so far, by identifier. */
  extracted(): ExtractedLicense[] {
    return [...this.#extracted.values()].sort((a, b) => (a.licenseId < b.licenseId ? -1 : 1));
  }

  #expressionOf(text: string): string {
    const license = readLicense(text);
    if (license.kind === 'id') return license.id;
    // A reference that only the package's own document explains would dangle in ours.
    if (license.kind === 'expression' && license.isSelfContained) return license.expression;
    const extractedText = license.kind === 'text' ? license.text : license.expression;
    const licenseId = `LicenseRef-plimsoll-${hash('sha256', extractedText).slice(0, 16)}`;
    this.#extracted.set(licenseId, { licenseId, extractedText, name: printable(extractedText, 80) });
    return licenseId;
  }
}
