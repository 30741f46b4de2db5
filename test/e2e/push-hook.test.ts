/** A registry that tells of pushes: what skopeo pushes to the real docker-registry is scanned without a schedule. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { startCertificationWorld } from '../fixtures/certification-world.ts';
import { startDistribution, whyNoDistribution } from '../fixtures/distribution-registry.ts';
import { makeImage, makeLayer, writeOciLayout } from '../fixtures/image-builder.ts';
import { scratchFolder } from '../fixtures/scratch-folder.ts';

const whyNot = whyNoDistribution();
if (whyNot !== undefined) console.warn(`Pushes are not told by a real registry: ${whyNot}`);

describe.skipIf(whyNot !== undefined)('a push that a registry tells of', () => {
  test('is scanned at once', async () => {
    await using world = await startCertificationWorld({ settings: { sensor: 'on' } });
    await using relay = await startRelay();
    await using registry = await startDistribution({ notify: relay.url });
    await using folder = await scratchFolder();
    const { id } = (
      await world.boss.native('POST', 'registries', {
        name: 'real',
        type: 'docker-v2',
        url: `http://${registry.host}`,
        tls: { insecureHttp: true },
        namespaceId: world.boss.namespaceId,
      })
    ).json<{ id: string }>();
    expect((await world.boss.native('GET', `registries/${id}/hook`)).status).toBe(404);
    const opened = (await world.boss.native('PUT', `registries/${id}/hook`)).json<{ url: string; secret: string }>();
    expect(new URL(opened.url).origin).toBe(world.url);
    relay.forwardTo(opened.url);

    const layer = await makeLayer([{ path: 'etc/os-release', content: 'ID=alpine\nVERSION_ID=3.20\n' }]);
    const image = makeImage([layer], { platform: 'linux/amd64' });
    await writeOciLayout(folder.at('layout'), [{ content: image, name: '1.0' }]);
    await registry.push(folder.at('layout'), '1.0', 'team/app', '1.0');

    for (;;) {
      const { items } = (await world.boss.native('GET', `images?registry=${id}`)).json<{
        items: readonly { digest: string; scan: { state: string } }[];
      }>();
      if (items[0]?.digest === image.digest && items[0].scan.state === 'scanned') break;
      await sleep(100);
    }
    const hook = (await world.boss.native('GET', `registries/${id}/hook`)).json();
    expect(hook).toMatchObject({ lastForm: 'distribution', lastImages: 1 });
    expect(hook).not.toHaveProperty('secret');
    expect(world.log.join('\n'), 'the secret is in the address, and addresses are logged').not.toContain(opened.secret);

    const checks = (await world.boss.native('GET', `images/${image.digest}/checks`)).json<ImageChecks>();
    expect(checks).toMatchObject({ policy: 'general', isPassed: false });
    expect(checks.policyReason).toContain('alpine');
    const outcomes = Object.fromEntries(checks.results.map(({ name, outcome }) => [name, outcome]));
    expect(outcomes).toMatchObject({ RunAsNonRoot: 'failed', HasLicense: 'failed', HasUniqueTag: 'passed' });
    const root = (await world.boss.native('GET', `images/${image.digest}/checks?policy=root`)).json<ImageChecks>();
    expect(root.results.map(({ name }) => name)).not.toContain('RunAsNonRoot');

    const wrong = await world.ask('POST', `/api/v1/hooks/${id}?secret=plsh_wrong`, {}, { repository: 'a', tag: 'b' });
    expect([wrong.status, wrong.json()['code']]).toEqual([401, 'UNAUTHENTICATED']);
    const byHeader = { authorization: `Bearer ${opened.secret}` };
    const plain = await world.ask('POST', `/api/v1/hooks/${id}`, byHeader, { repository: 'team/app', tag: '1.0' });
    expect(plain.status).toBe(202);
    const nonsense = await world.ask('POST', `/api/v1/hooks/${id}`, byHeader, { hello: 'world' });
    expect([nonsense.status, nonsense.json()['code']]).toEqual([422, 'REQUEST_INVALID']);
    expect((await world.boss.native('DELETE', `registries/${id}/hook`)).status).toBe(204);
    expect((await world.ask('POST', `/api/v1/hooks/${id}`, byHeader, { repository: 'a', tag: 'b' })).status).toBe(401);
  });
});

interface ImageChecks {
  readonly policyReason: string | null;
  readonly results: readonly { readonly name: string; readonly outcome: string }[];
}

/** Passes requests on to an address that is known later: a registry must know where to tell before we know what it is called here. */
async function startRelay() {
  let target: string | undefined;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      if (target === undefined) return void response.writeHead(503).end();
      const headers = { 'content-type': request.headers['content-type'] ?? '' };
      const answer = await fetch(target, { method: 'POST', headers, body: Buffer.concat(chunks) });
      response.writeHead(answer.status).end();
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    forwardTo(url: string) {
      target = url;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
