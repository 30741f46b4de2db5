/**
 * Whether a name makes use of somebody's trademark: a product may be "for" it, and may not be called by it.
 *
 * Source: preflight's rule for "Red Hat": the text may not begin with the mark, and may hold it once, after "for". It looks for the letters
 * alone, so that "shared hat" breaks it; ours wants the mark to be words of its own where it is written as several.
 */

/** A mark, in lower case, as the words it is made of: `['red', 'hat']`. Letters and digits only. */
export interface TrademarkRule {
  /** As its owner writes it, for messages. */
  readonly name: string;
  readonly words: readonly string[];
}

/** The mark of the policy guide. */
export const RED_HAT_TRADEMARK: TrademarkRule = { name: 'Red Hat', words: ['red', 'hat'] };

/** What came of the rule. */
export interface TrademarkVerdict {
  readonly isViolated: boolean;
  /** What preflight would say of the same text. */
  readonly isViolatedForPreflight: boolean;
}

/** Texts longer than this are judged by their beginning; no label that is read by people is as long. */
const MAX_CHARACTERS = 10_000;

/** Holds `text` against the rule, in time linear in the text. */
export function judgeTrademark(text: string, rule: TrademarkRule): TrademarkVerdict {
  const lower = text.slice(0, MAX_CHARACTERS).toLowerCase();
  const marks = findMarks(lower, rule);
  return {
    isViolated: breaks(
      marks.filter(mark => mark.isWord),
      lower,
    ),
    isViolatedForPreflight: breaks(marks, lower),
  };
}

interface Mark {
  readonly start: number;
  /** Whether it stands for itself: written in one, or as words that are not parts of longer ones. */
  readonly isWord: boolean;
}

function breaks(marks: readonly Mark[], text: string): boolean {
  const [first] = marks;
  if (first === undefined) return false;
  if (!/[a-z0-9]/.test(text.slice(0, first.start))) return true;
  const hasFor = marks.some(mark =>
    /(?:^|[^a-z0-9])for[^a-z0-9]*$|for[^a-z0-9]*$/.test(text.slice(Math.max(0, mark.start - 64), mark.start)),
  );
  return marks.length - (hasFor ? 1 : 0) > 0;
}

/** Every place where the words follow each other with nothing but other characters between them. */
function findMarks(text: string, { words }: TrademarkRule): Mark[] {
  const [first = '', ...rest] = words;
  if (first === '') return [];
  const marks: Mark[] = [];
  for (let at = text.indexOf(first); at !== -1; at = text.indexOf(first, at + first.length)) {
    let end = at + first.length;
    let isJoined = true;
    const follows = rest.every(word => {
      const next = skipOthers(text, end);
      if (next > end) isJoined = false;
      end = next + word.length;
      return text.startsWith(word, next);
    });
    if (!follows) continue;
    const isWhole = !isLetter(text[at - 1]) && !isLetter(text[end] === 's' ? text[end + 1] : text[end]);
    marks.push({ start: at, isWord: isJoined || isWhole });
  }
  return marks;
}

function skipOthers(text: string, from: number): number {
  let at = from;
  while (at < text.length && !/[a-z0-9]/.test(text[at] ?? '')) at += 1;
  return at;
}

function isLetter(character: string | undefined): boolean {
  return character !== undefined && /[a-z0-9]/.test(character);
}
