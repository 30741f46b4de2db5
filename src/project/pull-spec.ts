/**
 * Pull specs: which image to scan, and where it lies. Each way to get one wrong has its own sentence.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type Digest, isDigest } from '#oci/digest.ts';
import { isTag, parseReference, type RegistryReference } from '#oci/reference.ts';
import { fieldError, ProjectError } from './situation.ts';

/** A pull spec that was read. */
export interface PullSpec {
  readonly text: string;
  readonly reference: RegistryReference;
  readonly digest: Digest;
}

const EXAMPLE = 'registry.example.com/acme/app@sha256:125bf073fcb82e3e70b688ee88d8e713c7fb5c885886a85fbde5129edebdcbf7';
const MAX_LENGTH = 1024;

/** Reads a pull spec. @throws {ProjectError} `pull_spec_invalid`, `digest_missing`. */
export function parsePullSpec(text: string): PullSpec {
  const spec = text.trim();
  const wrong = findFault(spec);
  if (wrong !== undefined) throw wrong;
  let reference: ReturnType<typeof parseReference>;
  try {
    reference = parseReference(spec);
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    const why = error.message.replace(/^Cannot read reference "[\s\S]*?": /, '');
    throw invalid(`"${printable(spec)}" is not an image reference: ${why}`);
  }
  if (reference.transport !== 'docker') {
    throw invalid(`"${printable(spec)}" lies on a machine of yours; name the registry that it was pushed to`);
  }
  const { digest } = reference;
  if (digest === undefined) throw missingDigest(spec, reference);
  if (!isDigest(digest)) throw invalid(`the digest of "${printable(spec)}" cannot be read`);
  return { text: spec, reference, digest };
}

/** Reads the tag that a scanned image gets in its project. @throws {ProjectError} `tag_invalid`. */
export function parseScanTag(text: string): string {
  const tag = text.trim();
  if (isTag(tag)) return tag;
  const message =
    tag === ''
      ? 'the tag is missing; expected one such as 7.3-89'
      : tag.includes('/') || tag.includes(':')
        ? `"${printable(tag)}" is a reference, not a tag; expected what comes after the colon, such as 7.3-89`
        : `"${printable(tag)}" is not a tag: up to 128 letters, digits, dots, dashes and underscores, such as 7.3-89`;
  throw fieldError('tag', message, 'tag_invalid');
}

function findFault(spec: string): ProjectError | undefined {
  if (spec === '') return invalid(`it is empty; expected a reference with a digest, such as ${EXAMPLE}`);
  if (spec === 'string')
    return invalid(`"string" is the placeholder of the documentation; put ${EXAMPLE} in its place`);
  if (spec.length > MAX_LENGTH) return invalid(`it is longer than ${MAX_LENGTH} characters`);
  if (/\[email(?:\s|&#160;|&nbsp;|\u00a0)*protected\]/i.test(spec)) {
    return invalid(
      `"${printable(spec)}" is not an image reference: a web page took it for an e-mail address and hid what stands before the "@"; write registry and repository out, as in ${EXAMPLE}`,
    );
  }
  if (/^https?:\/\//i.test(spec)) {
    return invalid(
      `"${printable(spec)}" is the address of a web page; expected a reference without "${spec.slice(0, spec.indexOf('//') + 2)}", such as ${EXAMPLE}`,
    );
  }
  if (/\s/.test(spec)) {
    const words = spec.split(/\s+/);
    const [first = ''] = words;
    const what = ['docker', 'podman', 'skopeo', 'crane'].includes(first)
      ? 'it is a command; give the reference alone'
      : 'it has blanks in it';
    return invalid(`"${printable(spec)}" is not an image reference: ${what}`);
  }
  if (/^['"“”‘’`]|['"“”‘’`]$/.test(spec))
    return invalid(`${printable(spec)} has quotation marks around it; leave them out`);
  const at = spec.indexOf('@');
  if (at !== -1 && spec.indexOf('@', at + 1) !== -1) return invalid(`"${printable(spec)}" has more than one "@"`);
  if (at === 0)
    return invalid(`"${printable(spec)}" has no registry and repository before the "@"; expected ${EXAMPLE}`);
  return at === -1 ? undefined : findDigestFault(spec, spec.slice(at + 1));
}

function findDigestFault(spec: string, digest: string): ProjectError | undefined {
  if (digest === '') return missingDigest(spec, undefined);
  const [algorithm = '', hex] = digest.split(':');
  if (hex === undefined) {
    return /^[0-9a-f]{64}$/i.test(digest)
      ? invalid(`the digest of "${printable(spec)}" lacks its algorithm: write "@sha256:${digest.toLowerCase()}"`)
      : invalid(`"${printable(digest)}" after "@" is not a digest; expected sha256: and 64 hex digits`);
  }
  if (algorithm !== 'sha256' && algorithm !== 'sha512') {
    return invalid(`"${printable(algorithm)}" is not an algorithm of digests; expected sha256: and 64 hex digits`);
  }
  const length = algorithm === 'sha256' ? 64 : 128;
  if (/^[0-9a-fA-F]+$/.test(hex) && hex.length !== length) {
    const how = hex.length < length ? 'shortened' : 'too long';
    return invalid(`the digest of "${printable(spec)}" is ${how}: it has ${hex.length} hex digits of ${length}`);
  }
  if (/^[0-9a-fA-F]+$/.test(hex) && hex !== hex.toLowerCase()) {
    return invalid(`the digest of "${printable(spec)}" has upper-case letters; digests are lower case`);
  }
  if (!/^[0-9a-f]+$/.test(hex)) {
    return invalid(`"${printable(digest)}" after "@" is not a digest; expected ${algorithm}: and ${length} hex digits`);
  }
  return undefined;
}

function missingDigest(spec: string, reference: RegistryReference | undefined): ProjectError {
  const base = reference === undefined ? spec.replace(/@$/, '') : `${reference.registry}/${reference.repository}`;
  const message = `"${printable(spec)}" names no digest, and a tag may name another image tomorrow; expected ${printable(base)}@sha256: and 64 hex digits, as "skopeo inspect" or "podman image inspect" tell`;
  return new ProjectError('digest_missing', `Cannot scan ${message}`, { problems: [{ field: 'pullSpec', message }] });
}

function invalid(message: string): ProjectError {
  return new ProjectError('pull_spec_invalid', `Cannot scan the image: ${message}`, {
    problems: [{ field: 'pullSpec', message }],
  });
}
