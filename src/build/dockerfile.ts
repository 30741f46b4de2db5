/**
 * A Dockerfile read for what a build service needs of it: which instruction stands on which line, the stages, and every image that
 * comes from outside, so that it can be looked up and pinned before anything runs.
 *
 * Source: Dockerfile reference (docs.docker.com), "Format", "Parser directives", "Environment replacement", "FROM", "COPY --from",
 * "RUN --mount"; BuildKit, "heredocs". It is read to be understood, not to be judged: what is wrong in it buildah says better.
 */
import { PlimsollError } from '#base/errors.ts';

/** One instruction. */
export interface Instruction {
  /** In upper case: `RUN`. */
  readonly name: string;
  /** What follows it, continued lines joined by a blank, comments left out. */
  readonly text: string;
  /** Line it begins on, from 1. */
  readonly line: number;
  /** Line it ends on. */
  readonly lastLine: number;
}

/** What begins with a FROM. */
export interface Stage {
  /** After `AS`, in lower case; `undefined` for a stage that is known by its number. */
  readonly name: string | undefined;
  /** As written, without flags and name. */
  readonly from: string;
  /** As written after `--platform=`. */
  readonly platform: string | undefined;
  /** Its instructions, FROM first. */
  readonly instructions: readonly Instruction[];
}

/** A Dockerfile in parts. */
export interface Dockerfile {
  readonly lines: readonly string[];
  /** ARG instructions before the first FROM. */
  readonly globalArgs: readonly Instruction[];
  readonly stages: readonly Stage[];
}

const MAX_BYTES = 1024 * 1024;
const MAX_INSTRUCTIONS = 2000;

/** Reads a Dockerfile. @throws {PlimsollError} `SOURCE_INVALID` when it is over 1 MiB, not text, or has no FROM. */
export function parseDockerfile(bytes: Uint8Array): Dockerfile {
  if (bytes.byteLength > MAX_BYTES) throw invalid(`it has over ${MAX_BYTES} bytes`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid('it is not UTF-8 text');
  }
  if (text.includes('\0')) throw invalid('it is not text');
  const lines = text.split('\n').map(line => line.replace(/\r$/, ''));
  const mark = readEscape(lines);
  const globalArgs: Instruction[] = [];
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const instruction of readInstructions(lines, mark)) {
    if (instruction.name === 'FROM') stages.push(toStage(instruction));
    else if (stages.length > 0) stages.at(-1)?.instructions.push(instruction);
    else if (instruction.name === 'ARG') globalArgs.push(instruction);
  }
  if (stages.length === 0) throw invalid('there is no FROM in it');
  return { lines, globalArgs, stages };
}

/** Parser directives stand at the very top, one a line: `# escape=` followed by a backtick. */
function readEscape(lines: readonly string[]): string {
  for (const line of lines) {
    const directive = /^\s*#\s*([a-zA-Z]+)\s*=\s*(\S*)\s*$/.exec(line);
    if (directive === null) return '\\';
    if (directive[1]?.toLowerCase() === 'escape' && directive[2] === '`') return '`';
  }
  return '\\';
}

function* readInstructions(lines: readonly string[], mark: string): Generator<Instruction> {
  let count = 0;
  for (let at = 0; at < lines.length; at++) {
    if (isSkipped(lines[at] ?? '')) continue;
    const first = at;
    const parts: string[] = [];
    for (;;) {
      const line = lines[at] ?? '';
      const isContinued = endsInEscape(line, mark);
      // Comments and blank lines between continued lines are left out, and do not end the instruction.
      if (at === first || !isSkipped(line)) parts.push(isContinued ? line.trimEnd().slice(0, -1) : line);
      const goesOn = isContinued || (at > first && isSkipped(line));
      if (!goesOn || at + 1 >= lines.length) break;
      at++;
    }
    const [, name = '', rest = ''] = /^\s*(\S+)\s*([\s\S]*)$/.exec(parts.join(' ')) ?? [];
    at = endOfHeredocs(lines, at, name, rest);
    if (++count > MAX_INSTRUCTIONS) throw invalid(`it has over ${MAX_INSTRUCTIONS} instructions`);
    yield { name: name.toUpperCase(), text: rest.trim(), line: first + 1, lastLine: at + 1 };
  }
}

function isSkipped(line: string): boolean {
  const text = line.trim();
  return text === '' || text.startsWith('#');
}

function endsInEscape(line: string, mark: string): boolean {
  return line.trimEnd().endsWith(mark);
}

/** Index of the last line of the documents that a RUN, COPY or ADD has after it; `at` when it has none. */
function endOfHeredocs(lines: readonly string[], at: number, name: string, text: string): number {
  if (!/^(?:run|copy|add)$/i.test(name)) return at;
  let end = at;
  for (const [, dash, , word] of text.matchAll(/<<(-?)(["']?)([A-Za-z_][A-Za-z0-9_]*)\2/g)) {
    const found = lines.findIndex(
      (line, index) => index > end && (dash === '-' ? line.replace(/^\t+/, '') : line) === word,
    );
    // Not a document after all, but a shift in some arithmetic.
    if (found === -1) return end;
    end = found;
  }
  return end;
}

function toStage(instruction: Instruction): Stage & { instructions: Instruction[] } {
  const words = instruction.text.split(/\s+/);
  const flags = words.filter(word => word.startsWith('--'));
  const [from = '', as, name] = words.filter(word => !word.startsWith('--'));
  const platform = flags.find(flag => flag.startsWith('--platform='))?.slice('--platform='.length);
  return {
    name: as?.toLowerCase() === 'as' ? name?.toLowerCase() : undefined,
    from,
    platform,
    instructions: [instruction],
  };
}

/** The instruction that buildah's `[stage/stages] STEP number/total` means; both numbers count from 1, FROM being the first step. */
export function findStep(dockerfile: Dockerfile, stage: number, step: number): Instruction | undefined {
  return dockerfile.stages[stage - 1]?.instructions[step - 1];
}

function invalid(why: string): PlimsollError {
  return new PlimsollError('SOURCE_INVALID', `Cannot read the Dockerfile: ${why}`);
}
