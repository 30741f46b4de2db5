/** The rows of all APIs. */
import { ACCESS_ROWS, SESSION_ROWS } from './access-rows.ts';
import { BUILD_ROWS, BUILDER_PORT_ROWS } from './build-rows.ts';
import { CLAIR_ROWS } from './clair-rows.ts';
import { CONTENT_ROWS, QUAY_ROWS } from './content-rows.ts';
import { HARBOR_ROWS } from './harbor-rows.ts';
import { HOSTING_ROWS } from './hosting-rows.ts';
import { EVENT_ROWS, JOB_ROWS } from './job-rows.ts';
import { OCI_ROWS } from './oci-rows.ts';
import { PROJECT_ROWS, PYXIS_ROWS } from './project-rows.ts';
import { PUSH_HOOK_ROWS } from './push-hook-rows.ts';
import type { Row } from './row.ts';
import { SENSOR_PORT_ROWS, SENSOR_ROWS } from './sensor-rows.ts';
import { SERVER_ROWS } from './server-rows.ts';
import { WAIVER_ROWS } from './waiver-rows.ts';
import { WEBHOOK_ROWS } from './webhook-rows.ts';

/** Every row. */
export const AUTHORISATION: readonly Row[] = [
  ...SERVER_ROWS,
  ...SESSION_ROWS,
  ...ACCESS_ROWS,
  ...EVENT_ROWS,
  ...JOB_ROWS,
  ...PUSH_HOOK_ROWS,
  ...CONTENT_ROWS,
  ...QUAY_ROWS,
  ...HARBOR_ROWS,
  ...CLAIR_ROWS,
  ...PROJECT_ROWS,
  ...PYXIS_ROWS,
  ...BUILD_ROWS,
  ...BUILDER_PORT_ROWS,
  ...SENSOR_ROWS,
  ...SENSOR_PORT_ROWS,
  ...WAIVER_ROWS,
  ...WEBHOOK_ROWS,
  ...OCI_ROWS,
  ...HOSTING_ROWS,
];
