import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DEFAULT_GRADE_SETTINGS,
  type ErratumSeverity,
  GRADES,
  type GradedImage,
  gradeOf,
  isAtLeast,
  type MissingErratum,
} from './health-grade.ts';

const DAY = 24 * 60 * 60 * 1000;
const HOUR = DAY / 24;
const START = Date.parse('2025-01-01T00:00:00Z');

const erratum = (severity: ErratumSeverity, atMs = START): MissingErratum => ({
  id: `CVE-${severity}`,
  package: 'openssl',
  severity,
  publishedAt: new Date(atMs),
});

function image(errata: readonly MissingErratum[], nowMs: number, more: Partial<GradedImage> = {}): GradedImage {
  return { errata, since: new Date(START), now: new Date(nowMs), unknown: [], ...more };
}

test.each([
  { severity: 'critical', days: 0, grade: 'B', why: 'at once' },
  { severity: 'critical', days: 7, grade: 'B', why: 'not older than 7 days' },
  { severity: 'critical', days: 8, grade: 'C', why: 'older than 7 days' },
  { severity: 'critical', days: 31, grade: 'D', why: 'older than 30' },
  { severity: 'critical', days: 91, grade: 'E', why: 'older than 90' },
  { severity: 'critical', days: 366, grade: 'F', why: 'older than a year' },
  { severity: 'important', days: 0, grade: 'B', why: 'at once' },
  { severity: 'important', days: 30, grade: 'B', why: 'not older than 30 days' },
  { severity: 'important', days: 31, grade: 'C', why: 'older than 30' },
  { severity: 'important', days: 91, grade: 'D', why: 'older than 90' },
  { severity: 'important', days: 365, grade: 'D', why: 'important ones never make an E' },
  { severity: 'important', days: 366, grade: 'F', why: 'older than a year' },
] as const)('$severity, missing for $days days: $grade ($why)', ({ severity, days, grade }) => {
  expect(gradeOf(image([erratum(severity)], START + days * DAY)).grade).toBe(grade);
});

test('without errata the grade is A, for good', () => {
  const { grade, schedule, nextDrop } = gradeOf(image([], START + 9999 * DAY));
  expect([grade, nextDrop]).toEqual(['A', undefined]);
  expect(schedule).toEqual([{ grade: 'A', start: new Date(START), end: undefined }]);
});

test('the schedule tells every fall with its day and cause', () => {
  const { schedule, nextDrop } = gradeOf(image([erratum('important', START + 10 * DAY)], START + 12 * DAY));
  expect(schedule.map(({ grade, start, because }) => `${grade} ${start.toISOString()} ${because ?? ''}`)).toEqual([
    'A 2025-01-01T00:00:00.000Z ',
    'B 2025-01-11T00:00:00.000Z CVE-important in openssl',
    'C 2025-02-10T01:00:00.000Z CVE-important in openssl',
    'D 2025-04-11T01:00:00.000Z CVE-important in openssl',
    'F 2026-01-11T01:00:00.000Z CVE-important in openssl',
  ]);
  expect(nextDrop).toEqual({ at: new Date('2025-02-10T01:00:00Z'), grade: 'C' });
});

describe('where the limit lies is a setting', () => {
  const at = START + 10 * HOUR;
  test.each([
    { boundary: 'after', unit: 'hours', grade: 'B', nowMs: at + 7 * DAY, why: 'exactly 7 days are not over 7 days' },
    { boundary: 'after', unit: 'hours', grade: 'C', nowMs: at + 7 * DAY + HOUR, why: 'an hour more is' },
    { boundary: 'at', unit: 'hours', grade: 'C', nowMs: at + 7 * DAY, why: 'exactly 7 days are enough' },
    { boundary: 'at', unit: 'days', grade: 'C', nowMs: START + 7 * DAY, why: 'the seventh day of the calendar' },
    { boundary: 'after', unit: 'days', grade: 'B', nowMs: START + 8 * DAY - 1, why: 'to the end of that day' },
    { boundary: 'after', unit: 'days', grade: 'C', nowMs: START + 8 * DAY, why: 'the day after' },
  ] as const)('$boundary $unit: $grade ($why)', ({ boundary, unit, nowMs, grade }) => {
    const settings = { ...DEFAULT_GRADE_SETTINGS, boundary, unit };
    expect(gradeOf(image([erratum('critical', at)], nowMs), settings).grade).toBe(grade);
  });
});

test('past the end of support it is F, unless that is set otherwise', () => {
  const past = image([], START + 2 * DAY, { endOfLife: new Date(START + DAY) });
  expect(gradeOf(past).grade).toBe('F');
  expect(gradeOf(past).schedule.at(-1)?.because).toContain('end of its support');
  expect(gradeOf(past, { ...DEFAULT_GRADE_SETTINGS, failsAtEndOfLife: false }).grade).toBe('A');
});

test('what is not known makes the grade unknown, unless nothing could make it worse', () => {
  const unknown = ['3 packages cannot be judged'];
  expect(gradeOf(image([], START, { unknown })).grade).toBe('unknown');
  expect(gradeOf(image([erratum('critical')], START + 400 * DAY, { unknown })).grade).toBe('F');
});

test.each([
  { grade: 'A', minimum: 'B', holds: true, why: 'better' },
  { grade: 'B', minimum: 'B', holds: true, why: 'the same' },
  { grade: 'C', minimum: 'B', holds: false, why: 'worse' },
  { grade: 'unknown', minimum: 'F', holds: false, why: 'unknown is never fine' },
] as const)('$grade is at least $minimum: $holds ($why)', ({ grade, minimum, holds }) => {
  expect(isAtLeast(grade, minimum)).toBe(holds);
});

const errata = fc.array(
  fc.record({
    id: fc.constantFrom('CVE-1', 'CVE-2', 'CVE-3'),
    package: fc.constantFrom('bash', 'openssl'),
    severity: fc.constantFrom<ErratumSeverity>('critical', 'important'),
    publishedAt: fc.integer({ min: -800, max: 800 }).map(days => new Date(START + days * DAY)),
  }),
  { maxLength: 8 },
);
const nows = fc.integer({ min: 0, max: 2000 }).map(days => START + days * DAY);
const worst = (grades: readonly string[]) =>
  Math.max(0, ...grades.map(one => (GRADES as readonly string[]).indexOf(one)));

describe('laws of grades', () => {
  test('intervals follow each other without a hole, from the start on and without end', () => {
    fc.assert(
      fc.property(errata, nows, (list, now) => {
        const { schedule } = gradeOf(image(list, now));
        expect(schedule[0]?.start.getTime()).toBe(START);
        expect(schedule.at(-1)?.end).toBeUndefined();
        for (const [at, { start, end }] of schedule.entries()) {
          if (end !== undefined) expect(end.getTime()).toBeGreaterThan(start.getTime());
          expect(schedule[at + 1]?.start).toEqual(end);
        }
      }),
    );
  });

  test('a grade only falls', () => {
    fc.assert(
      fc.property(errata, nows, nows, (list, a, b) => {
        const [earlier, later] = a <= b ? [a, b] : [b, a];
        return worst([gradeOf(image(list, earlier)).grade]) <= worst([gradeOf(image(list, later)).grade]);
      }),
    );
  });

  test('the grade of all errata is the worst of the grades of each', () => {
    fc.assert(
      fc.property(errata, nows, (list, now) => {
        const each = list.map(one => gradeOf(image([one], now)).grade);
        return worst([gradeOf(image(list, now)).grade]) === worst(each);
      }),
    );
  });

  test('the order of errata does not matter', () => {
    fc.assert(
      fc.property(errata, nows, (list, now) => {
        expect(gradeOf(image(list.toReversed(), now))).toEqual(gradeOf(image(list, now)));
      }),
    );
  });

  test('the next drop is the end of the interval that now is in', () => {
    fc.assert(
      fc.property(errata, nows, (list, now) => {
        const { schedule, nextDrop } = gradeOf(image(list, now));
        const current = schedule.find(
          ({ start, end }) => start.getTime() <= now && (end === undefined || now < end.getTime()),
        );
        expect(nextDrop?.at).toEqual(current?.end);
      }),
    );
  });
});
