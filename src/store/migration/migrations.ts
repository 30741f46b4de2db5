/** All migrations in order. Frozen once released: a change of the schema is a new one at the end. */
import { statements as access } from './m0001-access.ts';
import { statements as content } from './m0002-content.ts';
import { statements as registry } from './m0003-registry.ts';
import { statements as job } from './m0004-job.ts';
import { statements as event } from './m0005-event.ts';
import { statements as hosting } from './m0006-hosting.ts';
import { statements as project } from './m0007-project.ts';
import { statements as trend } from './m0008-trend.ts';
import { statements as pushHook } from './m0009-push-hook.ts';
import { statements as idempotency } from './m0010-idempotency.ts';
import { statements as adapterScan } from './m0011-adapter-scan.ts';
import { statements as build } from './m0012-build.ts';
import { statements as collection } from './m0013-collection.ts';
import { statements as hostingPublic } from './m0014-hosting-public.ts';
import { statements as waiver } from './m0015-waiver.ts';
import { statements as clair } from './m0016-clair.ts';

/** SQL statements by name; forward only. */
export const MIGRATIONS: Readonly<Record<string, readonly string[]>> = {
  '0001-access': access,
  '0002-content': content,
  '0003-registry': registry,
  '0004-job': job,
  '0005-event': event,
  '0006-hosting': hosting,
  '0007-project': project,
  '0008-trend': trend,
  '0009-push-hook': pushHook,
  '0010-idempotency': idempotency,
  '0011-adapter-scan': adapterScan,
  '0012-build': build,
  '0013-collection': collection,
  '0014-hosting-public': hostingPublic,
  '0015-waiver': waiver,
  '0016-clair': clair,
};
