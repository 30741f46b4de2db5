/**
 * Which answers of the server grow stale by which event: the first words of query keys. A page whose queries begin with such a word is
 * live without doing anything.
 */
import type { EventKind } from '../api/model.ts';

const RUN = ['runs', 'schedules', 'registries', 'overview'] as const;
const IMAGE = ['images', 'repositories', 'registries', 'overview', 'runs'] as const;

const WAIVER = [...IMAGE, 'waivers', 'vulnerabilities', 'packages'] as const;

/** By kind; the compiler sees to it that none is missing. */
export const STALE_AFTER: Readonly<Record<EventKind, readonly string[]>> = {
  'run.queued': RUN,
  'run.started': RUN,
  'run.progress': ['runs', 'overview'],
  'run.paused': RUN,
  'run.resumed': RUN,
  'run.completed': [...RUN, 'images', 'repositories'],
  'run.failed': RUN,
  'run.cancelled': RUN,
  'run.skipped': ['schedules'],
  'image.found': IMAGE,
  'image.gone': IMAGE,
  'image.pushed': [...IMAGE, 'projects'],
  'image.pulled': [],
  'tag.removed': IMAGE,
  'image.scanned': IMAGE,
  'image.failed': IMAGE,
  'tag.moved': IMAGE,
  'findings.new': [...IMAGE, 'vulnerabilities'],
  'findings.changed': [...IMAGE, 'vulnerabilities'],
  'waiver.created': WAIVER,
  'waiver.ended': WAIVER,
  'waiver.expired': WAIVER,
  'registry.health': ['registries', 'overview'],
  'sensor.state': ['sensors', 'overview'],
  'image.certified': ['projects'],
  'image.published': ['projects', 'catalogue'],
  'image.unpublished': ['projects', 'catalogue'],
  'grade.changed': ['projects', 'catalogue'],
  'project.changed': ['projects'],
  'build.queued': ['builds', 'projects'],
  'build.started': ['builds', 'projects'],
  'build.progress': ['builds', 'projects'],
  'build.succeeded': ['builds', 'projects'],
  'build.failed': ['builds', 'projects'],
  'build.cancelled': ['builds', 'projects'],
  'database.updated': ['database', 'overview'],
  'rematch.completed': [...IMAGE, 'vulnerabilities', 'database'],
};
