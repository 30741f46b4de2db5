import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { expect, test } from 'vitest';
import { toBody } from '../file-body.ts';
import { javaCataloguer } from './cataloguer.ts';

const SHARED = process.env['PLIMSOLL_SHARED'] ?? resolve(import.meta.dirname, '../../../../shared');
const IMAGE = resolve(SHARED, 'data/images/mixed-app-0.3.1-amd64.oci.tar');
const EXPECTED = resolve(SHARED, 'data/images/mixed-app-0.3.1-amd64.packages.tsv');

async function filesOf(tar: Buffer, isWanted: (path: string) => boolean): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const entries = extract();
  Readable.from([tar]).pipe(entries);
  for await (const entry of entries) {
    const path = entry.header.name.replace(/^\.?\//, '');
    if (isWanted(path)) files.set(path, await buffer(entry));
    else entry.resume();
  }
  return files;
}

test.skipIf(!existsSync(IMAGE))(
  'shared data: the Java libraries of a real image are those that its makers list',
  async () => {
    const layout = await filesOf(await readFile(IMAGE), () => true);
    const json = (path: string) => JSON.parse(layout.get(path)?.toString() ?? '');
    const blobPath = (digest: string) => `blobs/${digest.replace(':', '/')}`;
    const found = new Map<string, string>();
    for (const { digest } of json(blobPath(json('index.json').manifests[0].digest)).layers) {
      const layer = gunzipSync(layout.get(blobPath(digest)) ?? '');
      const isJava = (path: string) => javaCataloguer.claims({ path, name: path, sizeBytes: 1, mode: 0o644 });
      for (const [path, bytes] of await filesOf(layer, isJava)) {
        const name = path.slice(path.lastIndexOf('/') + 1);
        if (name.startsWith('.wh.')) {
          found.delete(path.replace('.wh.', ''));
          continue;
        }
        const fact = javaCataloguer.read({ path, name, sizeBytes: bytes.length, mode: 0o644, body: toBody(bytes) });
        expect(fact?.gaps).toBeUndefined();
        for (const one of fact?.packages ?? []) found.set(path, `${one.type}\t${one.name}\t${one.version}`);
      }
    }
    const expected = (await readFile(EXPECTED, 'utf8')).split('\n').filter(line => line.startsWith('maven\t'));
    expect([...found.values()].sort()).toEqual(expected.map(line => line.trim()).sort());
    expect(found.size).toBe(4);
  },
);
