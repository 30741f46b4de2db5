/** Values of options: numbers, and what may be given again. */
import { InvalidArgumentError } from 'commander';

/** Reads a whole number from `min` to `max`. @throws {InvalidArgumentError} for anything else. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return text => {
    const number = Number(text);
    if (/^\d{1,15}$/.test(text) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}`);
  };
}

/** Reads minutes to wait, up to a day. @throws {InvalidArgumentError} for anything else. */
export function waitingMinutes(text: string): number {
  const minutes = Number(text);
  if (text.trim() !== '' && minutes > 0 && minutes <= MAX_MINUTES) return minutes;
  throw new InvalidArgumentError(`expected minutes, up to ${MAX_MINUTES}`);
}

const MAX_MINUTES = 24 * 60;

/** For an option that may be given again. */
export function collected(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

/** As `collected`, for an option that takes one of `choices`. @throws {InvalidArgumentError} for anything else. */
export function collectedOf(choices: readonly string[]): typeof collected {
  return (value, previous) => {
    if (choices.includes(value)) return collected(value, previous);
    throw new InvalidArgumentError(`expected one of ${choices.join(', ')}`);
  };
}
