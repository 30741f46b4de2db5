/**
 * Which rules a file name fits, decided in a microsecond: it is asked of every executable and library of an image.
 */
import type { ProgramRule } from './rule.ts';

/** A glob cut at its `*`: what the name begins with, and what follows in this order, the last part at the end. */
interface Glob {
  readonly prefix: string;
  readonly parts: readonly string[];
  readonly rule: ProgramRule;
}

/** Finds the rules of a table by file name. */
export class RuleIndex {
  readonly #exact = new Map<string, ProgramRule[]>();
  readonly #globs: Glob[] = [];

  constructor(rules: readonly ProgramRule[]) {
    for (const rule of rules) {
      for (const file of rule.files) {
        const [prefix = '', ...parts] = file.split('*');
        if (parts.length > 0) this.#globs.push({ prefix, parts, rule });
        else this.#exact.set(file, [...(this.#exact.get(file) ?? []), rule]);
      }
    }
  }

  /** The rules for a file of that name, in the order of the table, each once. */
  find(name: string): readonly ProgramRule[] {
    const exact = this.#exact.get(name);
    let found: Set<ProgramRule> | undefined;
    for (const glob of this.#globs) {
      if (!name.startsWith(glob.prefix) || !fits(name, glob)) continue;
      found ??= new Set(exact);
      found.add(glob.rule);
    }
    return found === undefined ? (exact ?? []) : [...found];
  }
}

function fits(name: string, { prefix, parts }: Glob): boolean {
  let at = prefix.length;
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1) return part === '' || (name.length - part.length >= at && name.endsWith(part));
    const next = name.indexOf(part, at);
    if (next === -1) return false;
    at = next + part.length;
  }
  return true;
}
