/** Health grades of images of projects, with what they were said to be before. */
import { type Db, toJson } from './database.ts';

/** One grade and the time that it holds for. */
export interface GradePeriod {
  readonly grade: string;
  /** ISO 8601. */
  readonly startsAt: string;
  /** ISO 8601; `undefined`: until something changes. */
  readonly endsAt: string | undefined;
}

/** What was said of the grades at some time: periods in order. */
export interface GradeSchedule {
  readonly computedAt: string;
  readonly periods: readonly GradePeriod[];
}

/** Keeps a schedule unless it says what the last one did. Returns whether it was new. */
export async function keepGradeSchedule(
  db: Db,
  imageId: string,
  periods: readonly GradePeriod[],
  at: Date,
): Promise<boolean> {
  const [last] = await listGradeSchedules(db, imageId, 1);
  if (last !== undefined && keyOf(last.periods) === keyOf(periods)) return false;
  await db
    .insertInto('projectGrade')
    .values({ imageId, computedAt: at, schedule: toJson(periods) })
    .execute();
  return true;
}

/** Schedules of an image, newest first. */
async function listGradeSchedules(db: Db, imageId: string, limit: number): Promise<readonly GradeSchedule[]> {
  const rows = await db
    .selectFrom('projectGrade')
    .select(['computedAt', 'schedule'])
    .where('imageId', '=', imageId)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ computedAt, schedule }) => ({ computedAt, periods: schedule as readonly GradePeriod[] }));
}

/** The last schedules of several images, by id. */
export async function findGradeSchedules(
  db: Db,
  imageIds: readonly string[],
): Promise<ReadonlyMap<string, GradeSchedule>> {
  if (imageIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('projectGrade')
    .distinctOn('imageId')
    .select(['imageId', 'computedAt', 'schedule'])
    .where('imageId', 'in', [...imageIds])
    .orderBy('imageId')
    .orderBy('id', 'desc')
    .execute();
  return new Map(
    rows.map(({ imageId, computedAt, schedule }) => [
      imageId,
      { computedAt, periods: schedule as readonly GradePeriod[] },
    ]),
  );
}

/** The database keeps fields in an order of its own. */
function keyOf(periods: readonly GradePeriod[]): string {
  return toJson(periods.map(({ grade, startsAt, endsAt }) => [grade, startsAt, endsAt ?? null]));
}
