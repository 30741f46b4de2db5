/**
 * The health grade of an image, A to F, and when it will fall: an image never changes, and what is known against it grows older.
 *
 * Source: Red Hat's Container Health Index: only critical and important errata count that are out and not in the image, by the time since
 * they came out; the worst of them decides. What it does not publish (whether a limit belongs to the better grade, and what a day is) is a
 * setting here.
 */

/** Best first. */
export const GRADES = ['A', 'B', 'C', 'D', 'E', 'F'] as const;
export type Grade = (typeof GRADES)[number];
type FallenGrade = Exclude<Grade, 'A'>;

/** How old an erratum may be, in days, before the image has this grade; 0: at once; `undefined`: it never has this grade for its sake. */
export type GradeLimits = Readonly<Record<FallenGrade, number | undefined>>;

/** How grades are counted. */
export interface GradeSettings {
  readonly limits: Readonly<Record<ErratumSeverity, GradeLimits>>;
  /** `after`: at the limit itself the better grade still holds. `at`: it does no more. */
  readonly boundary: 'after' | 'at';
  /** In what ages are counted, whole ones: hours since the erratum, or days of the calendar in UTC. */
  readonly unit: 'hours' | 'days';
  /** Whether a distribution past the end of its support makes the grade F from that day on. */
  readonly failsAtEndOfLife: boolean;
}

/** Those of the index. */
export const DEFAULT_GRADE_SETTINGS: GradeSettings = {
  limits: {
    critical: { B: 0, C: 7, D: 30, E: 90, F: 365 },
    important: { B: 0, C: 30, D: 90, E: undefined, F: 365 },
  },
  boundary: 'after',
  unit: 'hours',
  failsAtEndOfLife: true,
};

export type ErratumSeverity = 'critical' | 'important';

/** A fix that is out and not in the image. */
export interface MissingErratum {
  /** Of the weakness or of the erratum. */
  readonly id: string;
  /** The package, for people. */
  readonly package: string;
  readonly severity: ErratumSeverity;
  /** When it came out. */
  readonly publishedAt: Date;
}

/** What is graded. */
export interface GradedImage {
  readonly errata: readonly MissingErratum[];
  /** From when on the grade is told: when the image was made, or else was scanned. */
  readonly since: Date;
  readonly now: Date;
  /** Of the distribution. */
  readonly endOfLife?: Date | undefined;
  /** What a grade would have to know and does not, as sentences without full stop. */
  readonly unknown: readonly string[];
}

/** A span of time with one grade. */
export interface GradeInterval {
  readonly grade: Grade;
  readonly start: Date;
  /** The moment it ends, which is no more part of it; `undefined` for the last. */
  readonly end: Date | undefined;
  /** What made it so, as people name it; missing for A. */
  readonly because?: string;
}

/** The grade of an image. */
export interface HealthGrade {
  /** Now; `unknown` when something is missing that could make it worse. */
  readonly grade: Grade | 'unknown';
  /** Without end or hole from `since` on, each worse than the one before. By what is known alone. */
  readonly schedule: readonly GradeInterval[];
  /** The next fall after now, if there is one. */
  readonly nextDrop: { readonly at: Date; readonly grade: Grade } | undefined;
  readonly unknown: readonly string[];
}

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

/** The grade now and its schedule. The same errata in any order give the same. */
export function gradeOf(image: GradedImage, settings: GradeSettings = DEFAULT_GRADE_SETTINGS): HealthGrade {
  const schedule = toSchedule(dropsOf(image, settings), image.since);
  const { now, unknown } = image;
  const current = schedule.findLast(({ start }) => start.getTime() <= now.getTime()) ?? schedule[0];
  const next = schedule.find(({ start }) => start.getTime() > now.getTime());
  const known = current?.grade ?? 'A';
  return {
    // Nothing that is not known could make an F worse.
    grade: unknown.length > 0 && known !== 'F' ? 'unknown' : known,
    schedule,
    nextDrop: next === undefined ? undefined : { at: next.start, grade: next.grade },
    unknown,
  };
}

/** Whether `grade` is `minimum` or better; what is unknown is not. */
export function isAtLeast(grade: Grade | 'unknown', minimum: Grade): boolean {
  return grade !== 'unknown' && GRADES.indexOf(grade) <= GRADES.indexOf(minimum);
}

interface Drop {
  readonly atMs: number;
  readonly grade: Grade;
  readonly because: string;
}

function dropsOf({ errata, endOfLife }: GradedImage, settings: GradeSettings): Drop[] {
  const drops = errata.flatMap(erratum => {
    const limits = settings.limits[erratum.severity];
    return GRADES.flatMap((grade): Drop[] => {
      const days = grade === 'A' ? undefined : limits[grade];
      const because = `${erratum.id} in ${erratum.package}`;
      return days === undefined ? [] : [{ atMs: dropAt(erratum.publishedAt, days, settings), grade, because }];
    });
  });
  if (endOfLife !== undefined && settings.failsAtEndOfLife) {
    drops.push({ atMs: endOfLife.getTime(), grade: 'F', because: 'the distribution is past the end of its support' });
  }
  return drops;
}

/** The first moment at which an erratum is too old for the better grade. */
function dropAt(publishedAt: Date, days: number, { boundary, unit }: GradeSettings): number {
  const ms = publishedAt.getTime();
  if (days === 0) return ms;
  const unitMs = unit === 'hours' ? HOUR_MS : DAY_MS;
  const from = unit === 'hours' ? ms : Math.floor(ms / DAY_MS) * DAY_MS;
  return from + days * DAY_MS + (boundary === 'after' ? unitMs : 0);
}

function toSchedule(drops: readonly Drop[], since: Date): readonly GradeInterval[] {
  const sinceMs = since.getTime();
  // Of several drops at one moment the deepest counts, and of those to one grade the first by name, whatever the order they came in.
  const ordered = drops.toSorted(
    (a, b) =>
      Math.max(a.atMs, sinceMs) - Math.max(b.atMs, sinceMs) ||
      GRADES.indexOf(b.grade) - GRADES.indexOf(a.grade) ||
      (a.because < b.because ? -1 : a.because > b.because ? 1 : 0),
  );
  const falls: { atMs: number; grade: Grade; because?: string }[] = [{ atMs: sinceMs, grade: 'A' }];
  for (const drop of ordered) {
    const last = falls.at(-1);
    if (last === undefined || GRADES.indexOf(drop.grade) <= GRADES.indexOf(last.grade)) continue;
    const atMs = Math.max(drop.atMs, sinceMs);
    if (last.atMs === atMs) falls.pop();
    falls.push({ atMs, grade: drop.grade, because: drop.because });
  }
  return falls.map(({ atMs, grade, because }, at) => {
    const next = falls[at + 1];
    return {
      grade,
      start: new Date(atMs),
      end: next === undefined ? undefined : new Date(next.atMs),
      ...(because === undefined ? {} : { because }),
    };
  });
}
