/**
 * What every way to a server's port of sensors must do, whatever is in between.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FileFacts } from '#certification/file-facts.ts';
import type { SensorPort } from '../../task/contract.ts';
import type { MemoryPort } from './memory-port.ts';

/** A way to a port in memory. */
export interface PortHarness extends AsyncDisposable {
  /** What is at the other end. */
  readonly server: MemoryPort;
  readonly port: SensorPort;
}

const REGISTRY = {
  id: '0b0b5d5e-0000-4000-8000-000000000001',
  name: 'r',
  type: 'docker-v2',
  url: 'https://r.example',
  product: { odd: { deep: [1, 'ü'] } },
  credentials: { kind: 'basic', username: 'u', password: 'pässword' },
  maxConcurrency: 4,
} as const;
const DIGEST = `sha256:${'a'.repeat(64)}`;
const WORK = { kind: 'scan', repository: 'a/b', digest: DIGEST, isDeep: false } as const;
const PROGRESS = { bytesPulled: 1, pulls: 2 };
const signal = AbortSignal.timeout(20_000);
const FILES = {
  licenses: { kind: 'missing' },
  rpmDatabases: [],
  hasOsRelease: true,
  changes: { changes: [], isComplete: true, removedFolders: [], reinstalledCount: 0 },
  unread: [],
  gaps: ['Läyer 1: odd'],
} as const satisfies FileFacts;

/** Runs the suite. */
export function describeSensorPort(title: string, open: () => Promise<PortHarness>): void {
  describe(`the port of sensors, ${title}`, () => {
    let harness: PortHarness;
    const leased = async () => {
      const task = harness.server.add(REGISTRY, WORK);
      const [given] = await harness.port.lease(1, { waitMs: 0, signal });
      expect(given).toEqual(task);
      return { task, lease: { taskId: task.id, leaseToken: task.leaseToken } };
    };

    beforeEach(async () => {
      harness = await open();
    });
    afterEach(() => harness[Symbol.asyncDispose]());

    test('a heartbeat is taken whole, and its answer comes back', async () => {
      const { server, port } = harness;
      server.profile = { concurrency: 7 };
      server.isDraining = true;
      const { task } = await leased();
      server.stop.add(task.id);
      const beat = {
        sequence: 1,
        version: '1.2.3',
        host: 'h',
        platform: 'linux/x64',
        startedAt: '2026-01-01T00:00:00.000Z',
        clock: '2026-01-01T00:00:01.000Z',
        analyserVersion: 'v1-abc',
        cacheBytes: 5,
        cacheFreeBytes: 6,
        checks: [{ name: 'disk', ok: false, detail: 'no room' }],
        profileVersion: 0,
        registries: [{ id: REGISTRY.id, rateLimit: { limit: 100, remaining: 3, at: '2026-01-01T00:00:00.000Z' } }],
        tasks: [{ id: task.id, leaseToken: task.leaseToken, progress: PROGRESS }],
      };
      expect(await port.heartbeat(beat, { signal })).toEqual({
        stop: [task.id],
        isDraining: true,
        profile: { concurrency: 7 },
        profileVersion: 1,
      });
      expect(server.heartbeats).toEqual([beat]);
    });

    test('a lease brings what is needed to work, at most as much as was asked for', async () => {
      const { server, port } = harness;
      const tasks = [
        server.add(REGISTRY, WORK),
        server.add(REGISTRY, { kind: 'catalogue' }),
        server.add(REGISTRY, WORK),
      ];
      expect(await port.lease(2, { waitMs: 0, signal })).toEqual(tasks.slice(0, 2));
      expect(await port.lease(2, { waitMs: 0, signal })).toEqual(tasks.slice(2));
      expect(await port.lease(2, { waitMs: 0, signal })).toEqual([]);
    });

    test('a lease waits for the first task', async () => {
      const { server, port } = harness;
      const asked = Promise.withResolvers<void>();
      server.hook = call => {
        if (call === 'lease') asked.resolve();
      };
      const waiting = port.lease(1, { waitMs: 10_000, signal });
      await asked.promise;
      const task = server.add(REGISTRY, WORK);
      expect(await waiting).toEqual([task]);
    });

    test('who hangs up while waiting for a lease gets none', async () => {
      const { server, port } = harness;
      const asked = Promise.withResolvers<void>();
      server.hook = call => {
        if (call === 'lease') asked.resolve();
      };
      const leaving = new AbortController();
      const waiting = port.lease(1, { waitMs: 10_000, signal: leaving.signal });
      waiting.catch(() => undefined);
      await asked.promise;
      leaving.abort();
      await expect(waiting).rejects.toThrow();
    });

    test('everything that a task tells arrives as it was said', async () => {
      const { server, port } = harness;
      const { task, lease } = await leased();
      const repositories = [{ name: 'team/app', note: 'ärchived' }];
      expect(await port.reportRepositories(lease, repositories, { signal })).toBe('go-on');
      server.known.add(DIGEST);
      const other = `sha256:${'b'.repeat(64)}`;
      expect(await port.findUnknownManifests(lease, [DIGEST, other], { signal })).toEqual([other]);
      const large = Buffer.alloc(6 * 1024 * 1024, 'x').toString('base64');
      const manifests = [
        { digest: other, mediaType: 'application/vnd.oci.image.manifest.v1+json', document: large, config: 'e30=' },
        { digest: DIGEST, mediaType: '', document: '', problem: 'It is odd' },
      ];
      expect(await port.reportManifests(lease, manifests, { signal })).toBe('go-on');
      const tags = [
        { name: '1.0', digest: other, pushedAt: '2026-01-01T00:00:00.000Z', pushedAtSource: 'registry' } as const,
      ];
      expect(await port.reportTags(lease, tags, { signal })).toBe('go-on');
      const inventory = { packages: [], gaps: [{ reason: 'ünreadable' }] };
      expect(await port.reportInventory(lease, JSON.stringify({ ...inventory, files: FILES }), { signal })).toBe(
        'go-on',
      );
      const outcome = { kind: 'failed', progress: PROGRESS, code: 'RATE_LIMITED', message: 'm' } as const;
      await port.end(lease, outcome, { signal });
      expect(server.record(task)).toEqual({ task, repositories, manifests, tags, inventory, files: FILES, outcome });
    });

    test('what comes with a lease that is over is answered with stop, and dropped', async () => {
      const { server, port } = harness;
      const { task, lease } = await leased();
      server.over.add(task.id);
      expect(await port.reportRepositories(lease, [], { signal })).toBe('stop');
      expect(await port.reportManifests(lease, [], { signal })).toBe('stop');
      expect(await port.reportTags(lease, [], { signal })).toBe('stop');
      expect(await port.reportInventory(lease, '{}', { signal })).toBe('stop');
      await port.end(lease, { kind: 'done', progress: PROGRESS }, { signal });
      expect(server.record(task)).toMatchObject({ inventory: undefined, outcome: undefined });
    });

    test('facts of layers come back byte by byte; those that nobody has are undefined', async () => {
      const { port } = harness;
      const facts = Buffer.alloc(9 * 1024 * 1024, 'facts');
      expect(await port.findLayerFacts(DIGEST, 'v1-abc', { signal })).toBeUndefined();
      await port.keepLayerFacts(DIGEST, 'v1-abc', facts, { signal });
      const found = await port.findLayerFacts(DIGEST, 'v1-abc', { signal });
      expect(Buffer.from(found ?? []).equals(facts)).toBe(true);
      expect(await port.findLayerFacts(DIGEST, 'v2-abc', { signal })).toBeUndefined();
    });
  });
}
