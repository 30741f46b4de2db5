/** Real images behind Quay: what Clair's API says of AlmaLinux, which Clair does not know, and of Alpine past the end of its support. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openReferencedImages } from '#image/open-reference.ts';
import { openCredentialStore } from '#image/registry/credentials.ts';
import { toBody } from '#inventory/file-body.ts';
import { openZip } from '#inventory/zip/zip.ts';
import { formatPlatform } from '#oci/platform.ts';
import { parseReference } from '#oci/reference.ts';
import { type CertificationWorld, startCertificationWorld } from '../fixtures/certification-world.ts';
import { QuayClient, type ReportJson, type RequestLayer } from '../fixtures/quay-client.ts';
import { type RegistryServer, startRegistryServer } from '../fixtures/registry-server.ts';
import { hasSharedData, readExpectedPackages, SHARED_DATA } from '../fixtures/shared-data.ts';

const PSK = Buffer.from('a key for real images').toString('base64');
const ADVISORIES = join(SHARED_DATA, 'advisories');
/** One erratum of AlmaLinux, which is enough to cover it, and all of the release of Alpine. */
const ERRATUM = 'ALSA-2023:5453.json';

const IMAGES = [
  {
    archive: 'almalinux-9.1-micro-20230222-arm64.oci.tar',
    platform: 'linux/arm64',
    list: 'almalinux-9.1-micro-20230222-arm64',
    distribution: { did: 'almalinux', version_id: '9.1' },
    found: { name: 'CVE-2023-4911', of: 'glibc', fixed: '2.34-60.el9_2.7' },
    hasDoubts: false,
  },
  {
    archive: 'alpine-3.9.6-multiarch.oci.tar',
    platform: 'linux/amd64',
    list: 'alpine-3.9.6-multiarch.amd64',
    distribution: { did: 'alpine', version_id: '3.9.6' },
    // Everything that the feed knows is fixed in it: without its age it would seem clean.
    found: undefined,
    hasDoubts: true,
  },
] as const;

describe.skipIf(!hasSharedData)('shared data', () => {
  let world: CertificationWorld;
  let storage: RegistryServer;
  let quay: QuayClient;

  beforeAll(async () => {
    storage = await startRegistryServer();
    world = await startCertificationWorld({ settings: { clairPsk: PSK, clairHosts: '127.0.0.1' } });
    quay = new QuayClient(world.url, new Uint8Array(Buffer.from(PSK, 'base64')));
    const zip = openZip(toBody(readFileSync(join(ADVISORIES, 'osv/AlmaLinux/all.zip'))));
    const erratum = zip.entries.find(({ name }) => name === ERRATUM);
    const feeds: readonly (readonly [name: string, bytes: Buffer | undefined])[] = [
      ['erratum.json', erratum && zip.read(erratum, 1024 * 1024)],
      ['main.json', readFileSync(join(ADVISORIES, 'alpine-secdb/v3.9/main.json'))],
    ];
    for (const [name, bytes] of feeds) {
      const reply = await fetch(`${world.url}/api/v1/vulnerability-database/import?name=${name}`, {
        method: 'POST',
        headers: { 'x-api-key': world.root.key, 'content-type': 'application/octet-stream' },
        body: new Uint8Array(bytes ?? []),
      });
      expect(reply.status, await reply.text()).toBe(200);
    }
    // What was imported last is what packages are judged by.
    const database = () => world.root.native('GET', 'vulnerability-database');
    for (;;) {
      const { current, pending } = (await database()).json<{ current: object | null; pending: object | null }>();
      if (current !== null && pending === null) break;
      await sleep(50);
    }
  }, 180_000);

  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await storage?.[Symbol.asyncDispose]();
  });

  /** Gives the layers of an image to the storage, and names them as Quay does. */
  async function place(archive: string, platform: string) {
    const signal = AbortSignal.timeout(30_000);
    const reference = parseReference(`oci-archive:${join(SHARED_DATA, 'images', archive)}`);
    const registry = { credentials: await openCredentialStore({ env: {} }), tlsVerify: true, env: {} };
    await using opened = await openReferencedImages(reference, { signal, registry });
    const image = opened.images.find(
      one => one.platform !== undefined && formatPlatform(one.platform).startsWith(platform),
    );
    const layers: RequestLayer[] = [];
    for (const layer of image?.layers ?? []) {
      if (layer.kind !== 'tar') continue;
      storage.addBlob(Buffer.concat(await Array.fromAsync(await layer.open({ signal }))));
      layers.push({ hash: layer.digest, uri: `${storage.url}/v2/real/app/blobs/${layer.digest}`, headers: {} });
    }
    return { hash: image?.digest ?? '', layers };
  }

  test.each(IMAGES)(
    'shared data: $list has the packages and findings that it has, in the form that Quay takes',
    async row => {
      const { hash, layers } = await place(row.archive, row.platform);
      const index = await quay.index(hash, layers);
      expect([index.state, index.err]).toEqual(['IndexFinished', '']);
      const report = (await quay.report(hash)) as ReportJson;
      const expected = readExpectedPackages(join(SHARED_DATA, 'images', `${row.list}.packages.tsv`));
      const inOrder = (names: readonly string[]) => [...names].sort();
      expect(inOrder(Object.values(report.packages).map(({ name, version }) => `${name} ${version}`))).toEqual(
        inOrder(expected.map(({ name, version }) => `${name} ${version}`)),
      );
      expect(report.distributions).toMatchObject({ 1: row.distribution });
      const found = Object.entries(report.packages).flatMap(([id, { name }]) =>
        (report.package_vulnerabilities[id] ?? []).map(one => ({ of: name, ...report.vulnerabilities[one] })),
      );
      if (row.found !== undefined) {
        const { name, of, fixed } = row.found;
        expect(found).toContainEqual(expect.objectContaining({ name, of, fixed_in_version: fixed }));
      }
      // Past its support, nothing seems clean.
      const clean = Object.keys(report.packages).filter(id => report.package_vulnerabilities[id] === undefined);
      if (row.hasDoubts) expect(clean).toEqual([]);
      expect(found.some(one => one.name === 'NOT-ASSESSED')).toBe(row.hasDoubts);
    },
  );
});
