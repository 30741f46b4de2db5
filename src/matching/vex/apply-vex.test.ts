import { describe, expect, test } from 'vitest';
import type { Inventory, Package } from '#inventory/inventory.ts';
import { parseDigest } from '#oci/digest.ts';
import { advisory, affects, distro, inventoryOf, match, packageOf, rpmOf } from '../testing/sample.ts';
import { applyVex } from './apply-vex.ts';
import type { VexDocument, VexProduct, VexStatement } from './statement.ts';

const DIGEST = parseDigest(`sha256:${'ab'.repeat(32)}`);
const RHEL = distro('rhel', '9.4', { cpe: 'cpe:/o:redhat:enterprise_linux:9::baseos' });

const a = packageOf({ type: 'npm', name: 'a', version: '1.0.0' });
const openssl = rpmOf(
  { name: 'openssl-libs', version: '1:3.0.7-1.el9', source: { name: 'openssl', version: '3.0.7-1.el9' } },
  RHEL,
);
const ADVISORIES = [
  advisory({ id: 'GHSA-aaaa', aliases: ['CVE-2024-0001'], affected: [affects('npm', 'a', '<2.0.0')] }),
  advisory({
    id: 'CVE-2024-0001',
    source: 'redhat-vex',
    affected: [affects('Red Hat:enterprise_linux:9', 'openssl-libs', '*', { nameKind: 'binary' })],
  }),
];

function imageOf(packages: readonly Package[], reference = 'docker.io/library/app:1.2'): Inventory {
  const inventory = inventoryOf(packages, RHEL);
  return { ...inventory, image: { ...inventory.image, reference, digest: DIGEST } };
}

const product = (ids: string, ...subcomponents: string[]): VexProduct => ({ ids: [ids], subcomponents, within: [] });
const statement = (fields: Partial<VexStatement>): VexStatement => ({
  ids: ['CVE-2024-0001'],
  status: 'not_affected',
  products: [],
  reason: 'never run',
  ...fields,
});
const document = (...statements: VexStatement[]): VexDocument => ({ source: 'a.json', statements, gaps: [] });

/** Whether a statement about `products` sets aside the finding in `packages`. */
function isCleared(products: readonly VexProduct[], packages: readonly Package[] = [a], reference?: string): boolean {
  const result = match({ packages, release: RHEL }, ADVISORIES);
  const { waived } = applyVex(result, [document(statement({ products }))], imageOf(packages, reference));
  return waived.length > 0;
}

describe('which package a statement is about', () => {
  test.each([
    { id: 'pkg:npm/a@1.0.0', cleared: true, why: 'the very package' },
    { id: 'pkg:npm/a', cleared: true, why: 'any version' },
    { id: 'pkg:npm/a@1.0.1', cleared: false, why: 'another version' },
    { id: 'pkg:npm/A', cleared: false, why: 'npm knows capitals' },
    { id: 'pkg:pypi/a', cleared: false, why: 'another registry' },
    { id: 'pkg:npm/%40scope/a', cleared: false, why: 'another scope' },
    { id: 'pkg:npm/a@1.0.0?vcs_url=x', cleared: false, why: 'a qualifier that the package does not have' },
    { id: 'not a purl', cleared: false, why: 'no name of anything' },
  ])('$id: $cleared, $why', ({ id, cleared }) => {
    expect(isCleared([product(id)])).toBe(cleared);
  });

  test.each([
    { id: 'pkg:rpm/redhat/openssl-libs', cleared: true, why: 'the binary package' },
    { id: 'pkg:rpm/redhat/openssl-libs@3.0.7-1.el9?arch=x86_64&epoch=1', cleared: true, why: 'all its qualifiers' },
    { id: 'pkg:rpm/redhat/openssl-libs?arch=s390x', cleared: false, why: 'another architecture' },
    { id: 'pkg:rpm/redhat/openssl?arch=src', cleared: true, why: 'the source that it was built from' },
    { id: 'pkg:rpm/redhat/openssl@3.0.7-1.el9?arch=src', cleared: true, why: 'that version of the source' },
    { id: 'pkg:rpm/redhat/openssl@3.0.7-2.el9?arch=src', cleared: false, why: 'another version of the source' },
    { id: 'pkg:rpm/redhat/openssl', cleared: false, why: 'a binary package of the source’s name, which is another' },
    { id: 'pkg:rpm/fedora/openssl-libs', cleared: false, why: 'another vendor' },
  ])('$id: $cleared, $why', ({ id, cleared }) => {
    expect(isCleared([product(id)], [openssl])).toBe(cleared);
  });
});

describe('which image a statement is about', () => {
  test.each([
    { id: `pkg:oci/app@${DIGEST}`, cleared: true, why: 'the digest' },
    {
      id: `pkg:oci/app@${DIGEST}?repository_url=other.example%2Fmirror`,
      cleared: true,
      why: 'a copy of the very image',
    },
    { id: `pkg:oci/app@sha256:${'cd'.repeat(32)}`, cleared: false, why: 'another digest' },
    {
      id: 'pkg:oci/app?repository_url=index.docker.io%2Flibrary%2Fapp',
      cleared: true,
      why: 'Docker Hub by another name',
    },
    {
      id: 'pkg:oci/app?repository_url=registry-1.docker.io%2Flibrary',
      cleared: true,
      why: 'the repository without its last part',
    },
    { id: 'pkg:oci/app?repository_url=quay.io%2Flibrary%2Fapp', cleared: false, why: 'another registry' },
    { id: 'pkg:oci/app?repository_url=docker.io%2Flibrary%2Fapp&tag=1.2', cleared: true, why: 'the tag' },
    { id: 'pkg:oci/app?repository_url=docker.io%2Flibrary%2Fapp&tag=1.3', cleared: false, why: 'another tag' },
    { id: 'pkg:oci/app', cleared: false, why: 'any image is called app' },
    { id: 'pkg:docker/library/app@1.2', cleared: true, why: 'the type docker has tags for versions' },
    { id: 'app:1.2', cleared: true, why: 'as users write it' },
    { id: 'docker.io/app', cleared: true, why: 'every tag' },
    { id: `app@${DIGEST}`, cleared: true, why: 'a pinned reference' },
    { id: DIGEST, cleared: true, why: 'the digest alone' },
    { id: DIGEST.slice('sha256:'.length), cleared: true, why: 'its hex alone' },
    { id: 'https://registry.example/app', cleared: false, why: 'a web page' },
  ])('$id: $cleared, $why', ({ id, cleared }) => {
    expect(isCleared([product(id)])).toBe(cleared);
  });

  test('a reference that pins the index of a multi-platform image names the image as well', () => {
    const index = `sha256:${'ef'.repeat(32)}`;
    expect(isCleared([product(`pkg:oci/app@${index}`)], [a], `docker.io/library/app@${index}`)).toBe(true);
  });

  test('an image on this machine has no repository that a statement could name', () => {
    expect(isCleared([product('app:1.2')], [a], 'oci:/tmp/app:1.2')).toBe(false);
    expect(isCleared([product(`pkg:oci/app@${DIGEST}`)], [a], 'oci:/tmp/app:1.2')).toBe(true);
  });

  test('of the image only the subcomponents are meant, if there are any', () => {
    expect(isCleared([product(`pkg:oci/app@${DIGEST}`, 'pkg:npm/a')])).toBe(true);
    expect(isCleared([product(`pkg:oci/app@${DIGEST}`, 'pkg:npm/b')])).toBe(false);
  });
});

describe('a library inside a product', () => {
  const main = packageOf({
    type: 'golang',
    name: 'example.org/tool',
    version: 'v1.0.0',
    locations: [{ path: 'usr/bin/tool' }],
  });
  const inside = { ...a, locations: [{ path: 'usr/bin/tool' }] };
  const about = product('pkg:golang/example.org/tool', 'pkg:npm/a');

  test('is covered where it is nowhere else', () => {
    expect(isCleared([about], [main, inside])).toBe(true);
  });

  test('is not covered when it is somewhere else as well', () => {
    const both = { ...inside, locations: [{ path: 'usr/bin/other' }, { path: 'usr/bin/tool' }] };
    expect(isCleared([about], [main, both])).toBe(false);
  });
});

describe('a component of a platform', () => {
  const on = (cpe: string): VexProduct => ({
    ids: ['pkg:rpm/redhat/openssl?arch=src'],
    subcomponents: [],
    within: [cpe],
  });
  test.each([
    { cpe: 'cpe:/a:redhat:enterprise_linux:9::appstream', cleared: true, why: 'another repository of the release' },
    { cpe: 'cpe:/o:redhat:enterprise_linux:9', cleared: true, why: 'the release as a whole' },
    { cpe: 'cpe:/o:redhat:enterprise_linux:8::baseos', cleared: false, why: 'another release' },
    { cpe: 'cpe:/a:redhat:openshift:4.14::el9', cleared: false, why: 'another product' },
    { cpe: 'cpe:/o:redhat', cleared: false, why: 'no product at all' },
  ])('$cpe: $cleared, $why', ({ cpe, cleared }) => {
    expect(isCleared([on(cpe)], [openssl])).toBe(cleared);
  });
});

describe('what becomes of a finding', () => {
  const result = match({ packages: [a] }, ADVISORIES);
  const apply = (...statements: VexStatement[]) =>
    applyVex(
      result,
      [document(...statements.map(one => ({ ...one, products: [product('pkg:npm/a')] })))],
      imageOf([a]),
    );

  test('it stays visible with who said why', () => {
    expect(apply(statement({})).waived).toEqual([
      {
        finding: result.findings[0],
        by: { kind: 'vex', source: 'a.json', status: 'not_affected', reason: 'never run' },
      },
    ]);
  });

  test.each(['GHSA-aaaa', 'CVE-2024-0001', 'cve-2024-0001'])('the statement may use any of its ids, such as %s', id => {
    expect(apply(statement({ ids: [id] })).findings).toEqual([]);
  });

  test.each([
    { status: 'fixed', waived: 1 },
    { status: 'affected', waived: 0 },
    { status: 'under_investigation', waived: 0 },
  ] as const)('"$status" sets $waived aside', ({ status, waived }) => {
    expect(apply(statement({ status })).waived).toHaveLength(waived);
  });

  test('the later statement counts, wherever it stands', () => {
    const early = statement({ timestamp: '2024-01-01T00:00:00Z' });
    const late = statement({ status: 'affected', timestamp: '2024-02-01T00:00:00Z' });
    expect(apply(early, late).findings).toHaveLength(1);
    expect(apply(late, early).findings).toHaveLength(1);
    expect(apply(statement({ status: 'affected' }), early).waived).toHaveLength(1);
  });

  test('of two without a time the last one counts', () => {
    expect(apply(statement({ status: 'affected' }), statement({})).waived).toHaveLength(1);
    expect(apply(statement({}), statement({ status: 'affected' })).waived).toHaveLength(0);
  });

  test('who looked and found it affected overrules a rule for every image', () => {
    const debian = distro('debian', '12');
    const headers = packageOf(
      { type: 'deb', name: 'linux-libc-dev', version: '6.1-1', source: { name: 'linux', version: '6.1-1' } },
      debian,
    );
    const kernel = advisory({ id: 'CVE-2024-0001', affected: [affects('Debian:12', 'linux', '*')] });
    const before = match({ packages: [headers], release: debian }, [kernel]);
    const affected = document(statement({ status: 'affected', products: [product('pkg:deb/debian/linux-libc-dev')] }));
    expect(before.findings).toEqual([]);
    expect(applyVex(before, [affected], imageOf([headers])).findings).toHaveLength(1);
  });
});
