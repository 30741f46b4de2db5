/** Registries, and what belongs to them, as far as the one who asks may see them. */
import type { FastifyRequest } from 'fastify';
import { type Role, requireRole } from '#access/principal.ts';
import { PlimsollError } from '#base/errors.ts';
import type { Db } from '#store/database.ts';
import { getRegistry, type RegistryRecord } from '#store/registry.ts';
import { findRun, type RunRecord } from '#store/run.ts';
import { getSchedule, type ScheduleRecord } from '#store/schedule.ts';
import { signedIn } from '../../route-access.ts';

/** A registry in whose namespace the one who asks has `role`. @throws {PlimsollError} `NOT_FOUND`, `FORBIDDEN`. */
export async function registryFor(request: FastifyRequest, db: Db, role: Role, id: string): Promise<RegistryRecord> {
  const principal = signedIn(request);
  const registry = await getRegistry(db, id);
  requireRole(principal, role, registry.namespaceId);
  return registry;
}

/** A scan job likewise. */
export async function scheduleFor(
  request: FastifyRequest,
  db: Db,
  role: Role,
  id: string,
): Promise<{ readonly schedule: ScheduleRecord; readonly registry: RegistryRecord }> {
  const schedule = await getSchedule(db, id);
  return { schedule, registry: await registryFor(request, db, role, schedule.registryId) };
}

/** A run likewise. */
export async function runFor(
  request: FastifyRequest,
  db: Db,
  role: Role,
  id: string,
): Promise<{ readonly run: RunRecord; readonly registry: RegistryRecord }> {
  signedIn(request);
  const run = await findRun(db, id);
  if (run === undefined) throw new PlimsollError('NOT_FOUND', `Cannot find the run ${id}: there is none`);
  return { run, registry: await registryFor(request, db, role, run.registryId) };
}
