/** Health grades: a letter with its colour, and the dates on which it falls. */
import { Label, type LabelProps, Tooltip } from '@patternfly/react-core';
import './grade.css';
import { Time } from './time.tsx';

const COLOURS: Readonly<Record<string, NonNullable<LabelProps['color']>>> = {
  A: 'green',
  B: 'teal',
  C: 'yellow',
  D: 'orange',
  E: 'orangered',
  F: 'red',
};

/** One grade; `null` is unknown, which is no good grade. */
export function GradeLabel({ grade }: { readonly grade: string | null }) {
  const label = (
    <Label color={grade === null ? 'grey' : (COLOURS[grade] ?? 'grey')} variant="outline">
      {grade === null ? 'Unknown' : `Grade ${grade}`}
    </Label>
  );
  return grade === null ? (
    <Tooltip content="It has not been graded, or not all is known that the grade depends on">
      <span>{label}</span>
    </Tooltip>
  ) : (
    label
  );
}

/** When the grade falls, as long as nothing new is found. */
export function GradeSchedule({
  grades,
  now,
}: {
  readonly grades: readonly { readonly grade: string; readonly startsAt: string; readonly endsAt: string | null }[];
  /** Milliseconds. */
  readonly now: number;
}) {
  const ahead = grades.filter(({ endsAt }) => endsAt === null || Date.parse(endsAt) > now);
  if (ahead.length === 0) return null;
  return (
    <ol className="plimsoll-grades" aria-label="Grades to come">
      {ahead.map(({ grade, startsAt, endsAt }) => (
        <li key={`${grade}${startsAt}`}>
          <GradeLabel grade={grade} />{' '}
          <span>
            {Date.parse(startsAt) > now ? (
              <>
                from <Time at={startsAt} />
              </>
            ) : endsAt === null ? (
              // There is none below it.
              grade === 'F' ? (
                'as long as it is not built anew'
              ) : (
                'until a new fix is published'
              )
            ) : (
              <>
                until <Time at={endsAt} />
              </>
            )}
          </span>
        </li>
      ))}
    </ol>
  );
}
