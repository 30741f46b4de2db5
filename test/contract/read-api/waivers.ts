/** Waivers over HTTP: who sees them, and how images look where one holds. */
import { expect, test } from 'vitest';
import { parseWaivers } from '#matching/waiver/parse-waivers.ts';
import type { Page, ReadWorld } from './world.ts';

interface Waiver {
  readonly id: string;
  readonly vulnerability: string;
  readonly state: string;
  readonly findings: number;
  readonly images: number;
}
interface Finding {
  readonly id: string;
  readonly isWaived: boolean;
  readonly waiver: { readonly id: string; readonly reason: string } | null;
}
interface Scan {
  readonly worst: string | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly waived: Readonly<Record<string, number>>;
}
interface Image {
  readonly digest: string;
  readonly scan: Scan;
}

const FLAW = 'CVE-2024-0001';

/** Adds the tests. */
export function waiverSuite(open: () => ReadWorld): void {
  const draft = ({ one }: ReadWorld, more: object = {}) => ({
    namespaceId: one.namespaceId,
    vulnerability: FLAW.toLowerCase(),
    package: 'curl',
    reason: 'nobody can reach it',
    ...more,
  });

  test('a waiver changes what is seen where it holds, until it is ended', async () => {
    const world = open();
    const { root, viewer, digests, one, read, send } = world;
    const bad = digests['bad'] ?? '';
    const manifest = async () =>
      await read<{ readonly scan: Scan }>('/api/v1/manifests/{digest}', `/api/v1/manifests/${bad}`, viewer);
    const findings = async (waived: string) => {
      const path = `/api/v1/images/${bad}/findings?waived=${waived}`;
      return (await read<Page<Finding>>('/api/v1/images/{digest}/findings', path, viewer)).items;
    };
    const inScope = `namespace=${one.namespaceId}`;
    const images = async (query: string) => {
      const { items } = await read<Page<Image>>('/api/v1/images', `/api/v1/images?${inScope}&${query}`, viewer);
      return items.map(({ digest }) => digest);
    };
    const before = (await manifest()).scan;
    expect(await images(`cve=${FLAW}`)).toContain(bad);
    const made = await send('POST', '/api/v1/waivers', { as: root, body: draft(world) });
    expect(made.status, made.text).toBe(201);
    const { id, images: count } = made.json<Waiver>();
    expect(count).toBeGreaterThan(0);
    const path = `/api/v1/waivers/${id}`;
    try {
      expect(await read<Waiver>('/api/v1/waivers/{waiverId}', path, viewer)).toMatchObject({ id, state: 'active' });
      const { scan } = await manifest();
      expect(scan.waived).toMatchObject({ high: 1, critical: 0 });
      expect(scan.counts['high']).toBe((before.counts['high'] ?? 0) - 1);
      expect((await findings('only')).map(one => [one.id, one.isWaived, one.waiver?.id])).toContainEqual([
        FLAW,
        true,
        id,
      ]);
      expect((await findings('without')).map(one => one.id)).not.toContain(FLAW);
      expect((await findings('with')).find(one => one.id === FLAW)?.waiver?.reason).toBe('nobody can reach it');
      expect(await images(`cve=${FLAW}`)).not.toContain(bad);
      expect(await images(`cve=${FLAW}&waived=with`)).toContain(bad);
      const report = await send('GET', `/api/v1/images/${bad}/report?format=json`, { as: viewer });
      expect(report.text).toContain('nobody can reach it');
      const document = await send('GET', `/api/v1/waivers/document?${inScope}`, { as: viewer });
      expect(document.headers.get('content-type')).toContain('application/yaml');
      expect(parseWaivers(document.text, 'it')).toMatchObject([{ id: FLAW.toLowerCase(), package: 'curl' }]);
      const changed = await send('PATCH', path, {
        as: root,
        body: { reason: 'the port is closed' },
        headers: { 'if-match': '"r1"' },
      });
      expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"r2"']);
      const late = await send('PATCH', path, { as: root, body: { reason: 'late' }, headers: { 'if-match': '"r1"' } });
      expect(late.status).toBe(412);
    } finally {
      expect((await send('DELETE', path, { as: root })).status).toBe(204);
    }
    expect((await manifest()).scan).toEqual(before);
    expect((await send('DELETE', path, { as: root })).status).toBe(409);
    const query = `${inScope}&state=ended&vulnerability=${FLAW}`;
    const { items } = await read<Page<Waiver>>('/api/v1/waivers', `/api/v1/waivers?${query}`, viewer);
    expect(items).toMatchObject([{ id, state: 'ended', findings: 0, images: 0 }]);
  });

  test('viewers make none, and nobody makes one for what is in another namespace', async () => {
    const world = open();
    const { root, viewer, two, send } = world;
    const refusal = async (as: typeof root, body: object) =>
      (await send('POST', '/api/v1/waivers', { as, body })).status;
    expect(await refusal(viewer, draft(world))).toBe(403);
    expect(await refusal(viewer, draft(world, { namespaceId: two.namespaceId }))).toBe(404);
    const scope = { kind: 'registry', registryId: two.registryId };
    expect(await refusal(root, draft(world, { scope }))).toBe(404);
    expect(await refusal(root, draft(world, { expiresOn: '2020-01-01' }))).toBe(422);
    expect(await refusal(root, draft(world, { expiresOn: 'soon' }))).toBe(422);
    expect(await refusal(root, draft(world, { vulnerability: 'CVE\u0000' }))).toBe(422);
    const noRegistry = `/api/v1/waivers/document?namespace=${two.namespaceId}&repository=a`;
    expect((await send('GET', noRegistry, { as: root })).status).toBe(422);
  });
}
