/**
 * Text in XML documents: whatever an image says cannot end an element or an attribute.
 */
import { printable } from '#base/text.ts';

/** An attribute's value with its quotes. */
export function attribute(text: string): string {
  return `"${escapeXml(text)}"`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text for XML 1.0, printable and at most 4096 characters. XML has no control characters, no lone surrogates and none of the last two code points, escaped or not. */
export function escapeXml(text: string): string {
  return printable(text, 4096)
    .toWellFormed()
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"']/g, character => ENTITIES[character] ?? '');
}
