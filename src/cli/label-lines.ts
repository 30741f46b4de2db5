/** Facts under each other for people at a terminal: a label, and what is said of it. */
import { printable } from '#base/text.ts';
import { padText, textWidth } from '#report/text-columns.ts';

/** A label, and one line or several; nothing to say leaves it out. Texts may be from anywhere. */
export type LabelledFact = readonly [label: string, text: string | readonly string[] | null | undefined];

const MAX_LINE = 4000;

/** Lines that begin with two blanks, texts below each other. Without line feeds. */
export function labelLines(facts: readonly LabelledFact[]): readonly string[] {
  const shown = facts.flatMap(([label, text]) => {
    const texts = (typeof text === 'string' ? [text] : (text ?? [])).filter(one => one !== '');
    return texts.length === 0 ? [] : [{ label, texts }];
  });
  const width = Math.max(0, ...shown.map(({ label }) => textWidth(label)));
  return shown.flatMap(({ label, texts }) =>
    texts.map((text, at) => `  ${padText(at === 0 ? label : '', width)}  ${printable(text, MAX_LINE)}`),
  );
}

/** `1 package`, `2 packages`. */
export function countOf(count: number, word: string, plural = `${word}s`): string {
  return `${count} ${count === 1 ? word : plural}`;
}
