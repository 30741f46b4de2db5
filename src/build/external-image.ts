/**
 * Images that a Dockerfile takes from outside, and the same Dockerfile with each pinned to a digest.
 *
 * FROM, `COPY --from` and `RUN --mount=from` name stages or images. Arguments in them are filled in as the Dockerfile reference says:
 * in FROM those declared before the first FROM, with what the build was given.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { formatPlatform, type Platform } from '#oci/platform.ts';
import type { Dockerfile, Instruction, Stage } from './dockerfile.ts';

/** One image needed. */
export interface ExternalImage {
  /** As written: what is replaced when it is pinned. */
  readonly written: string;
  /** Arguments filled in. */
  readonly reference: string;
  /** As it is needed, `os/architecture[/variant]`. */
  readonly platform: string;
  readonly line: number;
  readonly lastLine: number;
}

/** The images of a Dockerfile for one platform, in order; `scratch` and stages are none. @throws {PlimsollError} `SOURCE_INVALID`. */
export function listExternalImages(
  dockerfile: Dockerfile,
  options: {
    readonly args: Readonly<Record<string, string>>;
    readonly platform: Platform;
    /** Of the machine that builds. */
    readonly buildPlatform: Platform;
  },
): readonly ExternalImage[] {
  const { platform, buildPlatform } = options;
  const target = formatPlatform(platform);
  const values = new Map([...platformArgs('TARGET', platform), ...platformArgs('BUILD', buildPlatform)]);
  for (const instruction of dockerfile.globalArgs) declare(values, instruction, options.args);
  const found: ExternalImage[] = [];
  const stages = new Set<string>();
  for (const [number, stage] of dockerfile.stages.entries()) {
    const from = stage.instructions[0];
    if (from === undefined) continue;
    const reference = substitute(stage.from, values);
    if (reference === '') {
      throw new PlimsollError(
        'SOURCE_INVALID',
        `Cannot build from "${printable(stage.from)}" in line ${from.line} of the Dockerfile: it comes out empty; give the build argument it needs a value`,
      );
    }
    const wanted = stage.platform === undefined ? target : substitute(stage.platform, values) || target;
    if (reference !== 'scratch' && !stages.has(reference.toLowerCase())) {
      found.push({ ...placeOf(from), written: stage.from, reference, platform: wanted });
    }
    for (const [instruction, written] of otherSources(stage)) {
      const isStage = /^[0-9]+$/.test(written) || stages.has(written.toLowerCase()) || written === 'scratch';
      // Variables are not filled in here, by neither docker nor buildah.
      if (!isStage) found.push({ ...placeOf(instruction), written, reference: written, platform: target });
    }
    stages.add(String(number));
    if (stage.name !== undefined) stages.add(stage.name);
  }
  return found;
}

/** The Dockerfile with each image replaced by what `pinOf` says, on the same lines. */
export function pinImages(
  dockerfile: Dockerfile,
  images: readonly ExternalImage[],
  pinOf: (image: ExternalImage) => string,
): string {
  const lines = [...dockerfile.lines];
  for (const image of images) {
    for (let at = image.line - 1; at < image.lastLine; at++) {
      const replaced = replaceWord(lines[at] ?? '', image.written, pinOf(image));
      if (replaced === undefined) continue;
      lines[at] = replaced;
      break;
    }
  }
  return lines.join('\n');
}

/** Replaces `word` where it stands alone, or after `from=`; `undefined` when it is not in the line. */
function replaceWord(line: string, word: string, by: string): string | undefined {
  for (let at = line.indexOf(word); at !== -1; at = line.indexOf(word, at + 1)) {
    const before = line.slice(0, at);
    const after = line.slice(at + word.length);
    if (/(?:^|\s|from=)$/i.test(before) && /^(?:$|[\s,\\`])/.test(after)) return `${before}${by}${after}`;
  }
  return undefined;
}

function* otherSources(stage: Stage): Generator<[instruction: Instruction, written: string]> {
  for (const instruction of stage.instructions) {
    // Flags come first, and none of them has a blank in it.
    const flags = /^(?:--\S+\s+)*/.exec(instruction.text)?.[0] ?? '';
    if (instruction.name === 'COPY' || instruction.name === 'ADD') {
      for (const [, written = ''] of flags.matchAll(/--from=(\S+)/g)) yield [instruction, written];
    }
    if (instruction.name === 'RUN') {
      for (const [, written = ''] of flags.matchAll(/--mount=(?:\S*,)?from=([^\s,]+)/g)) yield [instruction, written];
    }
  }
}

function placeOf({ line, lastLine }: Instruction): { readonly line: number; readonly lastLine: number } {
  return { line, lastLine };
}

function platformArgs(prefix: string, platform: Platform): [name: string, value: string][] {
  return [
    [`${prefix}PLATFORM`, formatPlatform(platform)],
    [`${prefix}OS`, platform.os],
    [`${prefix}ARCH`, platform.architecture],
    [`${prefix}VARIANT`, platform.variant ?? ''],
  ];
}

/** `ARG a=1 b="two"`; what the build was given wins over what stands here. */
function declare(values: Map<string, string>, { text }: Instruction, given: Readonly<Record<string, string>>): void {
  for (const [, name = '', , quoted, plain] of text.matchAll(/([A-Za-z_]\w*)(=(?:"([^"]*)"|'?([^\s']*)'?))?/g)) {
    const value = Object.hasOwn(given, name) ? given[name] : (quoted ?? plain);
    if (value !== undefined) values.set(name, substitute(value, values));
  }
}

/** Fills in `$name`, `${name}`, `${name:-default}` and `${name:+other}`; quotes around the whole are taken off. */
function substitute(text: string, values: ReadonlyMap<string, string>): string {
  const filled = text.replace(
    /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-+])([^{}]*))?\})/g,
    (_, bare?: string, braced?: string, operator?: string, other?: string) => {
      const value = values.get(bare ?? braced ?? '') ?? '';
      if (operator?.endsWith('-')) return value === '' ? (other ?? '') : value;
      if (operator?.endsWith('+')) return value === '' ? '' : (other ?? '');
      return value;
    },
  );
  return filled.replace(/^(["'])(.*)\1$/, '$2');
}
