import { describe, expect, test } from 'vitest';
import { parsePullSpec, parseScanTag } from './pull-spec.ts';
import { ProjectError } from './situation.ts';

const HEX = '125bf073fcb82e3e70b688ee88d8e713c7fb5c885886a85fbde5129edebdcbf7';
const GOOD = `registry.example.com/acme/app@sha256:${HEX}`;

function failureOf(run: () => unknown): ProjectError {
  try {
    run();
  } catch (error) {
    if (error instanceof ProjectError) return error;
    throw error;
  }
  throw new Error('It was taken');
}

describe('pull specs', () => {
  test.each([
    { spec: GOOD, registry: 'registry.example.com', repository: 'acme/app', why: 'the plain form' },
    { spec: `  ${GOOD}\n`, registry: 'registry.example.com', repository: 'acme/app', why: 'blanks around a paste' },
    { spec: `docker://${GOOD}`, registry: 'registry.example.com', repository: 'acme/app', why: 'as skopeo writes it' },
    { spec: `acme/app@sha256:${HEX}`, registry: 'docker.io', repository: 'acme/app', why: 'Docker Hub by default' },
    {
      spec: `index.docker.io/acme/app@sha256:${HEX}`,
      registry: 'docker.io',
      repository: 'acme/app',
      why: 'one registry',
    },
    {
      spec: `host:5000/a/b:1@sha256:${HEX}`,
      registry: 'host:5000',
      repository: 'a/b',
      why: 'tag and digest: the digest counts',
    },
  ])('"$spec" is taken: $why', ({ spec, registry, repository }) => {
    const { reference, digest } = parsePullSpec(spec);
    expect(reference).toMatchObject({ registry, repository });
    expect(digest).toBe(`sha256:${HEX}`);
  });

  const bad = [
    { spec: '', says: /it is empty/, why: 'nothing was sent' },
    { spec: 'string', says: /placeholder/, why: 'the documentation was copied as it is' },
    {
      spec: `example:[email protected]:${HEX}`,
      says: /took it for an e-mail address/,
      why: 'as pages of the guide show it',
    },
    { spec: `[email\u00a0protected]:${HEX}`, says: /took it for an e-mail address/, why: 'the same with a hard space' },
    {
      spec: `https://quay.io/acme/app@sha256:${HEX}`,
      says: /address of a web page.*without "https:\/\/"/,
      why: 'copied from a browser',
    },
    { spec: `podman pull ${GOOD}`, says: /it is a command/, why: 'copied from a terminal' },
    { spec: `quay.io/acme app@sha256:${HEX}`, says: /blanks in it/, why: 'a blank within' },
    { spec: `"${GOOD}"`, says: /quotation marks/, why: 'quoted twice' },
    { spec: `a@b@sha256:${HEX}`, says: /more than one "@"/, why: 'which one?' },
    { spec: `@sha256:${HEX}`, says: /no registry and repository/, why: 'only the digest' },
    { spec: `quay.io/acme/app@${HEX}`, says: /lacks its algorithm: write "@sha256:125bf/, why: 'the hex alone' },
    { spec: 'quay.io/acme/app@latest', says: /"latest" after "@" is not a digest/, why: 'a tag after the at' },
    { spec: `quay.io/acme/app@md5:${HEX}`, says: /"md5" is not an algorithm/, why: 'another algorithm' },
    {
      spec: 'quay.io/acme/app@sha256:125bf073fcb8',
      says: /shortened: it has 12 hex digits of 64/,
      why: 'as tools shorten it',
    },
    { spec: `quay.io/acme/app@sha256:${HEX}00`, says: /too long: it has 66/, why: 'something stuck to it' },
    { spec: `quay.io/acme/app@sha256:${HEX.toUpperCase()}`, says: /upper-case/, why: 'digests are lower case' },
    {
      spec: `quay.io/acme/app@sha256:${HEX.slice(1)}g`,
      says: /is not a digest; expected sha256: and 64/,
      why: 'not hex',
    },
    { spec: `quay.io/Acme/App@sha256:${HEX}`, says: /letters are lower case/, why: 'repositories are lower case' },
    { spec: `oci:folder@sha256:${HEX}`, says: /machine of yours/, why: 'nothing that the server could reach' },
    { spec: `-bad-/app@sha256:${HEX}`, says: /not an image reference/, why: 'no host, and no name' },
    { spec: 'x'.repeat(2000), says: /longer than 1024/, why: 'too long' },
  ];
  test.each(bad)('"$spec" is refused: $why', ({ spec, says }) => {
    const { situation, message, problems } = failureOf(() => parsePullSpec(spec));
    expect(situation).toBe('pull_spec_invalid');
    expect(message).toMatch(says);
    expect(problems).toMatchObject([{ field: 'pullSpec' }]);
  });

  test('each bad form has a sentence of its own', () => {
    const sentences = bad.map(({ spec }) => failureOf(() => parsePullSpec(spec)).message);
    expect(new Set(sentences).size).toBe(sentences.length);
  });

  test.each(['quay.io/acme/app:1.0', 'quay.io/acme/app', 'quay.io/acme/app@'])('"%s" names no digest', spec => {
    const { situation, message } = failureOf(() => parsePullSpec(spec));
    expect(situation).toBe('digest_missing');
    expect(message).toMatch(/quay\.io\/acme\/app@sha256: and 64 hex digits/);
  });

  test.each([
    { tag: '', says: /is missing/ },
    { tag: 'quay.io/acme/app:1.0', says: /is a reference, not a tag/ },
    { tag: '-1', says: /is not a tag/ },
    { tag: 'a b', says: /is not a tag/ },
    { tag: 'x'.repeat(129), says: /up to 128/ },
  ])('the tag "$tag" is refused', ({ tag, says }) => {
    expect(failureOf(() => parseScanTag(tag))).toMatchObject({ situation: 'tag_invalid' });
    expect(failureOf(() => parseScanTag(tag)).message).toMatch(says);
  });
});
