/** A number with the noun that fits it: `1 file`, `2 files`, `3 entries`. `nouns`: where more than an s is added. */
export function countOf(count: number, noun: string, nouns = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : nouns}`;
}
