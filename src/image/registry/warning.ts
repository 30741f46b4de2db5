/**
 * What the operator of a registry says to its users in `Warning` headers: that something is deprecated, or will be removed.
 *
 * Source: OCI distribution-spec 1.1, "Warnings": `Warning: 299 - "text"`, several in one header or in several; RFC 7234, 5.5.
 */
import { printable } from '#base/text.ts';
import type { Answer } from './transport.ts';

const MAX_WARNINGS = 10;
const MAX_LENGTH = 300;

/** The texts of an answer's warnings, safe to show, at most ten; other codes than 299 are not from the operator. */
export function readWarnings(answer: Pick<Answer, 'header'>): readonly string[] {
  const header = answer.header('warning');
  if (header === undefined) return [];
  const found = header.slice(0, 8192).matchAll(/299 \S{1,255} "((?:[^"\\]|\\.){1,1000})"/g);
  const texts = found.map(([, text = '']) => printable(text.replace(/\\(.)/g, '$1'), MAX_LENGTH));
  return [...texts.take(MAX_WARNINGS)];
}
