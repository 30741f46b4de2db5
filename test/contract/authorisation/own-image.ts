/** An image for requests to be about: scanned, with a finding, in a registry of the namespace. */
import { advisory, affects, packageOf } from '#matching/testing/sample.ts';
import { databaseOf, firstDatabase, openContent, scanned } from '#scan/content/testing/content-fixture.ts';
import { placeImages } from '#scan/content/testing/place-images.ts';
import { VulnerabilityHolder } from '#scan/content/vulnerability-holder.ts';
import type { Store } from '#store/database.ts';

/** Where it is, and what it has. */
export interface OwnImage {
  readonly registryId: string;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  readonly vulnerability: string;
}

const FLAW = 'CVE-2024-0001';
const REPOSITORY = 'own/app';
const TAG = 'latest';

/** Puts an image into a registry, as if a sensor had read it, and makes the database current by which it is judged. */
export async function placeOwnImage(store: Store, dataFolder: string, registryId: string): Promise<OwnImage> {
  await using fixture = await openContent(store);
  await using vulnerabilities = new VulnerabilityHolder(store, dataFolder);
  const content = { ...fixture, vulnerabilities };
  const flaw = advisory({ id: FLAW, affected: [affects('npm', 'lodash', '*')] });
  await firstDatabase(content, databaseOf(fixture.folder, [flaw]));
  const lodash = packageOf({ type: 'npm', name: 'lodash', version: '4.17.20' });
  const digest = await scanned(content, [{ package: lodash, layer: 'app' }]);
  await placeImages(store.db, registryId, REPOSITORY, [{ digest, tags: [TAG] }]);
  return { registryId, repository: REPOSITORY, tag: TAG, digest, vulnerability: FLAW };
}
