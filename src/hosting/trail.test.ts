import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Trail } from './trail.ts';

test('what came is ripe no sooner than the delay, and at most a tenth later', () => {
  const steps = fc.array(fc.record({ wait: fc.integer({ min: 0, max: 400 }), bytes: fc.nat({ max: 1000 }) }));
  fc.assert(
    fc.property(steps, fc.integer({ min: 10, max: 1000 }), (came, delayMs) => {
      const trail = new Trail(delayMs);
      const told: { at: number; bytes: number }[] = [];
      let now = 0;
      let bytes = 0;
      for (const step of came) {
        now += step.wait;
        bytes += step.bytes;
        told.push({ at: now, bytes });
        trail.note(bytes, now);
        const by = (time: number) => told.filter(({ at }) => at <= time).at(-1)?.bytes ?? 0;
        const ripe = trail.ripe(now);
        expect(ripe).toBeLessThanOrEqual(by(now - delayMs));
        expect(ripe).toBeGreaterThanOrEqual(by(now - 1.1 * delayMs));
        const next = trail.nextMs(now);
        if (next !== undefined) expect(next).toBeLessThanOrEqual(1.1 * delayMs + 1e-6);
      }
      expect(trail.ripe(now + 2 * delayMs)).toBe(bytes);
      expect(trail.nextMs(now)).toBeUndefined();
    }),
  );
});
