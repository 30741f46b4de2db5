import { expect, test } from 'vitest';
import { ApiProblem } from '../api/client.ts';
import { mistakesOf } from './violations.ts';

const mistakes = (...fields: string[]) =>
  mistakesOf(new ApiProblem(422, { violations: fields.map(field => ({ field, message: 'wrong' })) }));

test.each([
  { field: 'recurrence.startTime', asked: 'recurrence.startTime', found: 1, why: 'itself' },
  { field: 'targets.0.repository', asked: 'targets', found: 1, why: 'below it' },
  { field: 'targets[3].tags', asked: 'targets.3', found: 1, why: 'brackets' },
  { field: 'body/targets/3/tags', asked: 'targets.3', found: 1, why: 'as a JSON pointer' },
  { field: 'targets.10', asked: 'targets.1', found: 0, why: 'names are whole' },
])('$field asked for as $asked: $why', ({ field, asked, found }) => {
  expect(mistakes(field).of(asked)).toHaveLength(found);
});

test('what belongs to no field of the form is not lost', () => {
  expect(mistakes('name', '', 'secret').besides(['name'])).toHaveLength(2);
});
