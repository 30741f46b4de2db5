/**
 * Scores of CVSS vectors.
 *
 * Source: the specifications of FIRST, CVSS 2.0, 3.0, 3.1 and 4.0; the arithmetic is the library's. It also scores vectors with metrics
 * missing or written twice, as 0, so those are refused before.
 */
import calculator from 'ae-cvss-calculator';
import type { Severity } from '#advisory/advisory.ts';

export type CvssVersion = '2' | '3.0' | '3.1' | '4.0';

/** Metrics that a vector must have, by version. */
const MANDATORY: Readonly<Record<CvssVersion, readonly string[]>> = {
  2: ['AV', 'AC', 'Au', 'C', 'I', 'A'],
  '3.0': ['AV', 'AC', 'PR', 'UI', 'S', 'C', 'I', 'A'],
  '3.1': ['AV', 'AC', 'PR', 'UI', 'S', 'C', 'I', 'A'],
  '4.0': ['AV', 'AC', 'AT', 'PR', 'UI', 'VC', 'VI', 'VA', 'SC', 'SI', 'SA'],
};

const MAX_VECTOR_LENGTH = 256;
const MAX_REMEMBERED = 20_000;
const REMEMBERED = new Map<string, number | undefined>();

/**
 * The score of a vector, 0.0 to 10.0 with one decimal, threat and environmental metrics included where it has them. `undefined` when
 * it is no whole vector of that version. A vector of version 2 has no prefix, the others begin with `CVSS:3.1/`.
 */
export function scoreOf(version: CvssVersion, vector: string): number | undefined {
  const key = `${version} ${vector}`;
  if (REMEMBERED.has(key)) return REMEMBERED.get(key);
  const score = computeScore(version, vector);
  // A score of version 4 takes 0.2 ms, and the same vectors come again and again.
  if (REMEMBERED.size < MAX_REMEMBERED) REMEMBERED.set(key, score);
  return score;
}

/** The severity of a score. Source: CVSS 3.1 and 4.0, "Qualitative Severity Rating Scale"; for 2.0 NVD's scale. 0 is no impact. */
export function severityOfScore(version: CvssVersion, score: number): Severity {
  if (score >= 9 && version !== '2') return 'CRITICAL';
  if (score >= 7) return 'HIGH';
  if (score >= 4) return 'MEDIUM';
  return score > 0 ? 'LOW' : 'NEGLIGIBLE';
}

function computeScore(version: CvssVersion, vector: string): number | undefined {
  if (vector.length > MAX_VECTOR_LENGTH || !isWhole(version, vector)) return undefined;
  try {
    const { overall } = parseVector(version, vector).calculateScores();
    return typeof overall === 'number' && overall >= 0 && overall <= 10 ? overall : undefined;
  } catch {
    // The library throws plain errors at values that the version does not have.
    return undefined;
  }
}

function isWhole(version: CvssVersion, vector: string): boolean {
  const parts = vector.split('/');
  if (version !== '2' && parts.shift() !== `CVSS:${version}`) return false;
  const names = parts.map(part => part.slice(0, part.indexOf(':')));
  return new Set(names).size === names.length && MANDATORY[version].every(name => names.includes(name));
}

function parseVector(version: CvssVersion, vector: string) {
  switch (version) {
    case '2':
      return new calculator.Cvss2(vector);
    case '3.0':
      return new calculator.Cvss3P0(vector);
    case '3.1':
      return new calculator.Cvss3P1(vector);
    case '4.0':
      return new calculator.Cvss4P0(vector);
    default:
      return version satisfies never;
  }
}
