/**
 * CVSS vectors as ratings: told apart by what they say of themselves, never by the field that they are in.
 *
 * Source: CVSS 2.0, 3.0, 3.1 and 4.0, "Vector String". The score is computed when it is asked for, not here.
 */
import type { Rating } from './advisory.ts';

const MAX_VECTOR_LENGTH = 256;
const METRICS = /^[A-Z]{1,3}:[A-Z]{1,2}(?:\/[A-Za-z]{1,3}:[A-Za-z]{1,6})*$/;

/** The vector as a rating of `origin`; `undefined` for scores without a vector and whatever else is no vector. */
export function findCvssRating(vector: unknown, origin: string): Rating | undefined {
  if (typeof vector !== 'string' || vector.length > MAX_VECTOR_LENGTH) return undefined;
  const text = vector.trim();
  const version = versionOf(text);
  if (version === undefined) return undefined;
  const metrics = version === '2' ? bareMetrics(text) : text.slice('CVSS:3.1/'.length);
  if (!METRICS.test(metrics)) return undefined;
  return { kind: 'cvss', version, vector: version === '2' ? metrics : text, origin };
}

function versionOf(text: string): '2' | '3.0' | '3.1' | '4.0' | undefined {
  if (text.startsWith('CVSS:3.1/')) return '3.1';
  if (text.startsWith('CVSS:3.0/')) return '3.0';
  if (text.startsWith('CVSS:4.0/')) return '4.0';
  // Version 2 has no prefix of its own; only it knows authentication.
  return /(?:^|[(/])AV:[LAN]\/AC:[HML]\/Au:[MSN]\//.test(text) ? '2' : undefined;
}

function bareMetrics(text: string): string {
  return text.replace(/^\(?(?:CVSS:2\.0\/)?/, '').replace(/\)$/, '');
}
