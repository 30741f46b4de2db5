/**
 * Opens the blob store that a setting names: a folder, or `s3://bucket/prefix`.
 */
import { join } from 'node:path';
import { PlimsollError } from '#base/errors.ts';
import type { BlobStore } from './blob-store.ts';
import { openFolderStore } from './folder-store.ts';

/** Where in S3 blobs are. */
export interface S3Location {
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
  /** Of a service that is not Amazon's. */
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
}

/**
 * What uploads leave free. The folder is mostly on the disk of the embedded database, which can write nothing on a full one, while what
 * was uploaded by then stays a day to be resumed.
 */
const KEPT_FREE_BYTES = 256 * 1024 * 1024;
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/**
 * The store that `setting` names; without one, the folder `blobs` of the data folder. For S3, credentials and region are found where AWS's
 * own tools find them.
 * @throws {PlimsollError} `CONFIGURATION_INVALID`, `FILE_DENIED`.
 */
export async function openBlobStore(setting: string | undefined, dataFolder: string): Promise<BlobStore> {
  if (setting?.startsWith('s3://') === true) return await openS3(parseS3Location(setting));
  const folder = setting ?? join(dataFolder, 'blobs');
  if (/^[a-z0-9+.-]+:\/\//i.test(folder)) throw invalid('expected a folder, or s3://bucket/prefix');
  try {
    return await openFolderStore(folder, { keptFreeBytes: KEPT_FREE_BYTES });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PlimsollError('FILE_DENIED', `Cannot make the folder of the blob store: ${why}`, { cause });
  }
}

/**
 * Reads `s3://bucket/prefix`, with `?endpoint=https://minio.example:9000&region=…` for a service of one's own.
 * @throws {PlimsollError} `CONFIGURATION_INVALID`.
 */
export function parseS3Location(text: string): S3Location {
  const url = URL.parse(text);
  if (url === null || !BUCKET.test(url.host)) throw invalid('expected s3://bucket/prefix');
  if (url.username !== '' || url.password !== '') {
    throw invalid('credentials do not belong there; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY');
  }
  const prefix = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, '');
  const endpoint = url.searchParams.get('endpoint') ?? undefined;
  if (endpoint !== undefined && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) {
    throw invalid('its endpoint must be the address of a service, https://…');
  }
  return {
    bucket: url.host,
    prefix: prefix === '' ? '' : `${prefix}/`,
    endpoint,
    region: url.searchParams.get('region') ?? undefined,
  };
}

async function openS3({ bucket, prefix, endpoint, region }: S3Location): Promise<BlobStore> {
  // Loaded only where it is used: it takes 15 MB.
  const [{ S3Client }, { openS3Store }] = await Promise.all([import('@aws-sdk/client-s3'), import('./s3-store.ts')]);
  const client = new S3Client({
    ...(region === undefined ? {} : { region }),
    // Services other than Amazon's have no name for each bucket, as a rule.
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    // Checksums beyond those that S3 asks for are not understood everywhere.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  return openS3Store({ client, bucket, prefix });
}

function invalid(why: string): PlimsollError {
  return new PlimsollError('CONFIGURATION_INVALID', `Cannot use PLIMSOLL_BLOBS: ${why}`);
}
