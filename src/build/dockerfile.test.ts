import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findStep, parseDockerfile } from './dockerfile.ts';
import { listExternalImages, pinImages } from './external-image.ts';

const read = (text: string) => parseDockerfile(Buffer.from(text));
const amd64 = { os: 'linux', architecture: 'amd64' };

describe('Dockerfiles', () => {
  test('instructions know their lines, over comments, continuations and documents', () => {
    const { stages, globalArgs } = read(
      [
        '# syntax=docker/dockerfile:1',
        'ARG BASE=alpine',
        '',
        'from $BASE as Build',
        'RUN one && \\',
        '  # a comment inside',
        '',
        '  two',
        'RUN <<EOF',
        'FROM nowhere',
        'EOF',
        'copy --from=x a b',
        'FROM --platform=$BUILDPLATFORM scratch',
        'CMD ["x"]',
      ].join('\r\n'),
    );
    expect(globalArgs.map(arg => arg.text)).toEqual(['BASE=alpine']);
    expect(stages.map(({ name, from, platform }) => ({ name, from, platform }))).toEqual([
      { name: 'build', from: '$BASE', platform: undefined },
      { name: undefined, from: 'scratch', platform: '$BUILDPLATFORM' },
    ]);
    const places = stages[0]?.instructions.map(({ name, line, lastLine }) => `${name} ${line}-${lastLine}`);
    expect(places).toEqual(['FROM 4-4', 'RUN 5-8', 'RUN 9-11', 'COPY 12-12']);
    expect(stages[0]?.instructions[1]?.text).toBe('one &&    two');
  });

  test('a step of buildah is found in its stage', () => {
    const dockerfile = read('FROM a\nRUN b\nFROM c\n\nRUN d\n');
    expect(findStep(dockerfile, 2, 2)).toMatchObject({ name: 'RUN', text: 'd', line: 5 });
    expect(findStep(dockerfile, 3, 1)).toBeUndefined();
  });

  test('another escape character leaves backslashes alone', () => {
    const { stages } = read('# escape=`\nFROM a\nCOPY x c:\\\nRUN a `\n b\n');
    expect(stages[0]?.instructions.map(({ text }) => text)).toEqual(['a', 'x c:\\', 'a   b']);
  });

  test.each([
    { text: '', says: 'no FROM', why: 'it is empty' },
    { text: 'RUN x\n', says: 'no FROM', why: 'nothing to run in' },
    { text: 'FROM a\0', says: 'not text', why: 'a binary of that name' },
    { text: `FROM a\n${'RUN x\n'.repeat(2001)}`, says: 'instructions', why: 'made to keep us busy' },
  ])('is refused ($says): $why', ({ text, says }) => {
    expect(() => read(text)).toThrow(says);
  });

  test('whatever the text, reading ends and lines are in order', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom('FROM a', 'RUN x \\', '# c', '', 'RUN <<E', 'E', 'COPY --from=b c d'),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), lines => {
        const { stages } = read(['FROM first', ...lines].join('\n').replaceAll('\0', ''));
        const at = stages.flatMap(stage =>
          stage.instructions.flatMap(({ line: first, lastLine }) => [first, lastLine]),
        );
        expect(at).toEqual(at.toSorted((a, b) => a - b));
      }),
    );
  });
});

describe('images from outside', () => {
  const text = [
    'ARG REGISTRY=docker.io/library',
    'ARG TAG="3.20"',
    'ARG EMPTY',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: variables of a Dockerfile
    'FROM --platform=$BUILDPLATFORM ${REGISTRY}/alpine:${TAG:-1} AS tools',
    'FROM tools AS again',
    'COPY --from=0 /a /a',
    'COPY --chown=1 --from=quay.io/x/y:1 /b /b',
    'RUN --mount=type=bind,from=ghcr.io/z/w,target=/w cat /w',
    'FROM scratch',
    'COPY --from=Again /a /a',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: variables of a Dockerfile
    'FROM ${EMPTY:-busybox}@sha256:abc',
  ].join('\n');

  test('are those in FROM, COPY and RUN that are no stages', () => {
    const images = listExternalImages(read(text), {
      args: { TAG: '3.21', UNKNOWN: 'x' },
      platform: { os: 'linux', architecture: 'arm64' },
      buildPlatform: amd64,
    });
    expect(images.map(({ reference, platform, line }) => `${line} ${reference} ${platform}`)).toEqual([
      '4 docker.io/library/alpine:3.21 linux/amd64',
      '7 quay.io/x/y:1 linux/arm64',
      '8 ghcr.io/z/w linux/arm64',
      '11 busybox@sha256:abc linux/arm64',
    ]);
  });

  test('are replaced where they stand, and nothing else is', () => {
    const dockerfile = read(text);
    const images = listExternalImages(dockerfile, { args: {}, platform: amd64, buildPlatform: amd64 });
    const pinned = pinImages(dockerfile, images, image => `PIN-${image.line}`).split('\n');
    expect(pinned[3]).toBe('FROM --platform=$BUILDPLATFORM PIN-4 AS tools');
    expect(pinned[6]).toBe('COPY --chown=1 --from=PIN-7 /b /b');
    expect(pinned[7]).toBe('RUN --mount=type=bind,from=PIN-8,target=/w cat /w');
    expect(pinned[10]).toBe('FROM PIN-11');
    for (const same of [0, 1, 2, 4, 5, 8, 9]) expect(pinned[same]).toBe(text.split('\n')[same]);
  });

  test('an image that an argument leaves empty is told with its line', () => {
    const dockerfile = read('ARG BASE\nFROM $BASE\n');
    const options = { args: {}, platform: amd64, buildPlatform: amd64 };
    expect(() => listExternalImages(dockerfile, options)).toThrow('line 2');
    expect(listExternalImages(dockerfile, { ...options, args: { BASE: 'b' } })).toMatchObject([{ reference: 'b' }]);
  });
});
