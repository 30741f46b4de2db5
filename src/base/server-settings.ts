/**
 * Settings of the server: one table, from which come the environment variables, the flags of `plimsoll serve`, `--print-config` and
 * docs/configuration.md (`node --conditions=plimsoll-source src/base/settings-page.ts` writes it; a test keeps the two in step).
 */
import { parseByteSize } from './byte-size.ts';
import { PlimsollError } from './errors.ts';

interface Row {
  /** Flag of `plimsoll serve`, without dashes. */
  readonly flag: string;
  readonly env: string;
  /** What the value is, for help: `port`, `url`. */
  readonly value: string;
  /** As it is written; missing when there is none. */
  readonly fallback?: string;
  readonly meaning: string;
  readonly isSecret?: true;
}

/** Every setting. */
export const SERVER_SETTINGS = {
  listen: {
    flag: 'listen',
    env: 'PLIMSOLL_LISTEN',
    value: 'address:port',
    fallback: '127.0.0.1:8080',
    meaning: 'Where to listen; port 0 takes a free one',
  },
  publicUrl: {
    flag: 'public-url',
    env: 'PLIMSOLL_PUBLIC_URL',
    value: 'url',
    meaning: 'How users and sensors reach the server; needed behind a proxy. By default what it listens on',
  },
  tlsCertificate: {
    flag: 'tls-cert',
    env: 'PLIMSOLL_TLS_CERT',
    value: 'file',
    meaning: 'Certificate chain (PEM), to serve HTTPS without a proxy',
  },
  tlsKey: { flag: 'tls-key', env: 'PLIMSOLL_TLS_KEY', value: 'file', meaning: 'Private key (PEM) of the certificate' },
  trustProxy: {
    flag: 'trust-proxy',
    env: 'PLIMSOLL_TRUST_PROXY',
    value: 'addresses',
    fallback: 'none',
    meaning:
      'Proxies whose X-Forwarded headers are believed: addresses and networks joined by commas, `all`, or `none`',
  },
  data: {
    flag: 'data',
    env: 'PLIMSOLL_DATA',
    value: 'folder',
    fallback: './data',
    meaning: 'Folder for the embedded database, the vulnerability database, caches and keys',
  },
  blobs: {
    flag: 'blobs',
    env: 'PLIMSOLL_BLOBS',
    value: 'place',
    meaning:
      'Where the hosted registry keeps its bytes: a folder, or `s3://bucket/prefix` (with `?endpoint=https://…&region=…` for a service that is not Amazon’s; credentials as AWS’s own tools find them). The same for all servers of one database. By default the folder `blobs` in the data folder',
  },
  databaseUrl: {
    flag: 'database-url',
    env: 'DATABASE_URL',
    value: 'url',
    isSecret: true,
    meaning:
      'PostgreSQL 15 or later: `postgresql://user:password@host/name`. By default a database embedded in the data folder',
  },
  databaseConnections: {
    flag: 'database-connections',
    env: 'PLIMSOLL_DATABASE_CONNECTIONS',
    value: 'number',
    fallback: '10',
    meaning: 'Connections to PostgreSQL, at most',
  },
  secretKey: {
    flag: 'secret-key',
    env: 'PLIMSOLL_SECRET_KEY',
    value: 'text',
    isSecret: true,
    meaning:
      'What credentials are sealed with, 32 characters or more; the same for all servers of one database. By default a file in the data folder, made at the first start',
  },
  adminPassword: {
    flag: 'admin-password',
    env: 'PLIMSOLL_ADMIN_PASSWORD',
    value: 'text',
    isSecret: true,
    meaning:
      'Password of the account `admin`, made at the first start; without it the server prints a one-time address for the set-up',
  },
  vulnerabilityDatabase: {
    flag: 'db',
    env: 'PLIMSOLL_DB',
    value: 'file',
    meaning:
      'A vulnerability database to begin with, as `plimsoll db` makes them: taken over at a start where there is none yet',
  },
  databaseSchedule: {
    flag: 'db-update',
    env: 'PLIMSOLL_DB_UPDATE',
    value: 'cron',
    fallback: '17 */6 * * *',
    meaning: 'When to fetch the sources of the vulnerability database (UTC); `never` for sites without internet',
  },
  databaseMirrors: {
    flag: 'db-mirror',
    env: 'PLIMSOLL_DB_MIRROR',
    value: 'source=url,…',
    meaning: 'Mirrors of sources, as for `plimsoll db update --mirror`',
  },
  packageMirrors: {
    flag: 'package-mirror',
    env: 'PLIMSOLL_PACKAGE_MIRROR',
    value: 'public=own,…',
    meaning:
      'Mirrors of package repositories, asked before a build is made again: `https://deb.debian.org/debian=https://mirror.example/debian`; of RPM repositories the public part is scheme and host',
  },
  sensor: {
    flag: 'sensor',
    env: 'PLIMSOLL_SENSOR',
    value: 'switch',
    fallback: 'on',
    meaning: 'Whether this server reads images itself, with a built-in sensor: `on` or `off`',
  },
  sensorConcurrency: {
    flag: 'sensor-concurrency',
    env: 'PLIMSOLL_SENSOR_CONCURRENCY',
    value: 'number',
    fallback: '4',
    meaning: 'Images that the built-in sensor reads at a time, 1 to 20',
  },
  sensorLabels: {
    flag: 'sensor-labels',
    env: 'PLIMSOLL_SENSOR_LABELS',
    value: 'key=value,…',
    meaning: 'Labels of the built-in sensor',
  },
  builder: {
    flag: 'builder',
    env: 'PLIMSOLL_BUILDER',
    value: 'switch',
    fallback: 'on',
    meaning:
      'Whether this server builds images itself, where git and buildah are installed: `on` or `off`. Others can do it for it, see `plimsoll builder`',
  },
  layerCache: {
    flag: 'layer-cache',
    env: 'PLIMSOLL_LAYER_CACHE',
    value: 'size',
    fallback: '2GiB',
    meaning: 'Size of the cache of layer facts in the data folder',
  },
  diskFloor: {
    flag: 'disk-floor',
    env: 'PLIMSOLL_DISK_FLOOR',
    value: 'size',
    fallback: '1GiB',
    meaning: 'Free space below which the built-in sensor takes no work',
  },
  privateAddresses: {
    flag: 'private-addresses',
    env: 'PLIMSOLL_PRIVATE_ADDRESSES',
    value: 'rule',
    fallback: 'refuse',
    meaning:
      'Whether redirects, token servers and links of registries, and webhooks, may lead to private addresses (RFC 1918), `allow` or `refuse`; link-local and metadata addresses are refused always',
  },
  smtp: {
    flag: 'smtp',
    env: 'PLIMSOLL_SMTP',
    value: 'url',
    isSecret: true,
    meaning:
      'Mail server for webhooks that go to mailboxes: `smtp://user:password@mail.example:587`, or `smtps://` where TLS comes first; with a password, TLS is insisted on. Without it the server sends no mail',
  },
  mailFrom: {
    flag: 'mail-from',
    env: 'PLIMSOLL_MAIL_FROM',
    value: 'mailbox',
    meaning: 'Whom mail of the server is from: `Plimsoll <plimsoll@example.com>`; needed with `PLIMSOLL_SMTP`',
  },
  wildcards: {
    flag: 'wildcards',
    env: 'PLIMSOLL_WILDCARDS',
    value: 'switch',
    fallback: 'on',
    meaning: 'Whether scan jobs may have wildcards (`registry.wildcards`): `on` or `off`',
  },
  forceScan: {
    flag: 'force-scan',
    env: 'PLIMSOLL_FORCE_SCAN',
    value: 'switch',
    fallback: 'on',
    meaning: 'Whether scan jobs may scan all images each time (`registry.forceScan`): `on` or `off`',
  },
  dockerHub: {
    flag: 'docker-hub',
    env: 'PLIMSOLL_DOCKER_HUB',
    value: 'rule',
    fallback: 'warn',
    meaning:
      'Scans of images at Docker Hub for a project whose pull secret has no paid account there: `block`, or `warn` and try',
  },
  certificationGate: {
    flag: 'certification-gate',
    env: 'PLIMSOLL_CERTIFICATION_GATE',
    value: 'severity=days,…',
    fallback: 'high',
    meaning:
      'Known weaknesses that an image is not published with: a severity, and how many days its fix may be old, as in `critical=7,high=30`; `off` for none',
  },
  minGrade: {
    flag: 'min-grade',
    env: 'PLIMSOLL_MIN_GRADE',
    value: 'grade',
    fallback: 'B',
    meaning: 'Worst health grade that is published, `A` to `E`; `F` never is',
  },
  verification: {
    flag: 'verification',
    env: 'PLIMSOLL_VERIFICATION',
    value: 'switch',
    fallback: 'on',
    meaning:
      'Whether an image is published only when the server’s own checks passed too, and not by the word of a client alone: `on` or `off`',
  },
  publishedTags: {
    flag: 'published-tags',
    env: 'PLIMSOLL_PUBLISHED_TAGS',
    value: 'rule',
    fallback: 'fixed',
    meaning: 'Whether a push may move a tag off an image that is published under it: `fixed` or `movable`',
  },
  preflightVersions: {
    flag: 'preflight-versions',
    env: 'PLIMSOLL_PREFLIGHT_VERSIONS',
    value: 'version,…',
    meaning: 'Versions of preflight that may submit results; all of them unless set',
  },
  maxBlob: {
    flag: 'max-blob',
    env: 'PLIMSOLL_MAX_BLOB',
    value: 'size',
    fallback: '64GiB',
    meaning: 'Largest layer that is taken by a push',
  },
  uploadStall: {
    flag: 'upload-stall',
    env: 'PLIMSOLL_UPLOAD_STALL',
    value: 'seconds',
    fallback: '60',
    meaning: 'A push that brings less than 64 KiB in this time is ended, and can be resumed; 1 to 3600',
  },
  uploadIdle: {
    flag: 'upload-idle',
    env: 'PLIMSOLL_UPLOAD_IDLE',
    value: 'hours',
    fallback: '24',
    meaning: 'Uploads that nothing was added to for so long are forgotten; 1 to 720',
  },
  blobGrace: {
    flag: 'blob-grace',
    env: 'PLIMSOLL_BLOB_GRACE',
    value: 'hours',
    fallback: '24',
    meaning: 'How long layers stay that no image refers to; must be longer than any push takes; 1 to 720',
  },
  eventRetention: {
    flag: 'event-retention',
    env: 'PLIMSOLL_EVENT_RETENTION',
    value: 'days',
    fallback: '90',
    meaning: 'How long events and deliveries of webhooks are kept',
  },
  changeRetention: {
    flag: 'change-retention',
    env: 'PLIMSOLL_CHANGE_RETENTION',
    value: 'days',
    fallback: '90',
    meaning: 'How long it is kept what each new vulnerability database changed of findings and images',
  },
  auditRetention: {
    flag: 'audit-retention',
    env: 'PLIMSOLL_AUDIT_RETENTION',
    value: 'days',
    fallback: '730',
    meaning: 'How long the audit log is kept',
  },
  logLevel: {
    flag: 'log-level',
    env: 'PLIMSOLL_LOG_LEVEL',
    value: 'level',
    fallback: 'info',
    meaning: '`error`, `warn`, `info` or `debug`; lines are JSON on standard error',
  },
} as const satisfies Record<string, Row>;

export type SettingName = keyof typeof SERVER_SETTINGS;

/** The values as written: flags before the environment before defaults; missing where there is none. */
export type SettingTexts = { readonly [N in SettingName]?: string };

/** The settings of a server, read and checked. */
export interface ServerSettings {
  readonly host: string;
  readonly port: number;
  readonly publicUrl?: string;
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
  readonly trustProxy: boolean | string;
  readonly data: string;
  readonly blobs?: string;
  readonly databaseUrl?: string;
  readonly databaseConnections: number;
  readonly secretKey?: string;
  readonly adminPassword?: string;
  readonly vulnerabilityDatabase?: string;
  /** Missing: never. */
  readonly databaseSchedule?: string;
  readonly databaseMirrors: Readonly<Record<string, string>>;
  /** As `parseRepositoryMirrors` of build/rebuild/repositories.ts reads it. */
  readonly packageMirrors: string;
  readonly hasSensor: boolean;
  readonly hasBuilder: boolean;
  readonly sensorConcurrency: number;
  readonly sensorLabels: Readonly<Record<string, string>>;
  readonly layerCacheBytes: number;
  readonly diskFloorBytes: number;
  readonly allowsPrivateAddresses: boolean;
  /** The server that takes mail, and whom mail is from; missing: none is sent. */
  readonly mail?: { readonly server: URL; readonly from: string };
  readonly allowsWildcards: boolean;
  readonly allowsForceScan: boolean;
  readonly dockerHub: 'block' | 'warn';
  /** As `parseGate` of certification/gate.ts reads it; missing: no gate. */
  readonly certificationGate?: string;
  readonly minGrade: 'A' | 'B' | 'C' | 'D' | 'E';
  readonly requiresVerification: boolean;
  readonly hasMovableTags: boolean;
  /** Missing: all. */
  readonly preflightVersions?: readonly string[];
  readonly maxBlobBytes: number;
  readonly uploadStallSeconds: number;
  readonly uploadIdleHours: number;
  readonly blobGraceHours: number;
  readonly eventRetentionDays: number;
  readonly changeRetentionDays: number;
  readonly auditRetentionDays: number;
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
}

/** The texts of all settings: `flags` by name, then the environment, then the defaults. Empty text counts as missing. */
export function collectSettings(flags: SettingTexts, env: Readonly<Record<string, string | undefined>>): SettingTexts {
  const texts: Partial<Record<SettingName, string>> = {};
  for (const [name, row] of Object.entries(SERVER_SETTINGS) as [SettingName, Row][]) {
    const text = flags[name] || env[row.env] || row.fallback;
    if (text !== undefined) texts[name] = text;
  }
  return texts;
}

/** Reads the texts. @throws {PlimsollError} `CONFIGURATION_INVALID` for the first that cannot be used. */
export function readSettings(texts: SettingTexts): ServerSettings {
  const { host, port } = readListen(texts.listen ?? '');
  const url = texts.publicUrl === undefined ? undefined : readUrl('publicUrl', texts.publicUrl, ['http:', 'https:']);
  if ((texts.tlsCertificate === undefined) !== (texts.tlsKey === undefined)) {
    throw new PlimsollError(
      'CONFIGURATION_INVALID',
      'Cannot serve HTTPS: PLIMSOLL_TLS_CERT and PLIMSOLL_TLS_KEY are needed both',
    );
  }
  if (texts.databaseUrl !== undefined) readUrl('databaseUrl', texts.databaseUrl, ['postgres:', 'postgresql:']);
  const logLevel = choice('logLevel', texts, ['error', 'warn', 'info', 'debug']);
  return {
    host,
    port,
    ...(url === undefined ? {} : { publicUrl: url.replace(/\/+$/, '') }),
    ...pick(texts, [
      'tlsCertificate',
      'tlsKey',
      'blobs',
      'databaseUrl',
      'secretKey',
      'adminPassword',
      'vulnerabilityDatabase',
    ]),
    trustProxy: readTrustProxy(texts.trustProxy ?? 'none'),
    data: texts.data ?? './data',
    databaseConnections: number('databaseConnections', texts, 1, 500),
    ...(texts.databaseSchedule === 'never' || texts.databaseSchedule === undefined
      ? {}
      : { databaseSchedule: texts.databaseSchedule }),
    databaseMirrors: pairs('databaseMirrors', texts),
    packageMirrors: texts.packageMirrors ?? '',
    hasSensor: choice('sensor', texts, ['on', 'off']) === 'on',
    hasBuilder: choice('builder', texts, ['on', 'off']) === 'on',
    sensorConcurrency: number('sensorConcurrency', texts, 1, 20),
    sensorLabels: pairs('sensorLabels', texts),
    layerCacheBytes: size('layerCache', texts),
    diskFloorBytes: size('diskFloor', texts),
    allowsPrivateAddresses: choice('privateAddresses', texts, ['allow', 'refuse']) === 'allow',
    ...readMail(texts),
    allowsWildcards: choice('wildcards', texts, ['on', 'off']) === 'on',
    allowsForceScan: choice('forceScan', texts, ['on', 'off']) === 'on',
    dockerHub: choice('dockerHub', texts, ['block', 'warn']),
    ...(texts.certificationGate === 'off' || texts.certificationGate === undefined
      ? {}
      : { certificationGate: texts.certificationGate }),
    minGrade: choice('minGrade', texts, ['A', 'B', 'C', 'D', 'E']),
    requiresVerification: choice('verification', texts, ['on', 'off']) === 'on',
    hasMovableTags: choice('publishedTags', texts, ['fixed', 'movable']) === 'movable',
    ...(texts.preflightVersions === undefined ? {} : { preflightVersions: versions('preflightVersions', texts) }),
    maxBlobBytes: size('maxBlob', texts),
    uploadStallSeconds: number('uploadStall', texts, 1, 3600),
    uploadIdleHours: number('uploadIdle', texts, 1, 720),
    blobGraceHours: number('blobGrace', texts, 1, 720),
    eventRetentionDays: number('eventRetention', texts, 1, 3650),
    changeRetentionDays: number('changeRetention', texts, 1, 3650),
    auditRetentionDays: number('auditRetention', texts, 1, 36_500),
    logLevel,
  };
}

/** What `--print-config` prints: every setting as `NAME=value`, secrets masked, one a line. */
export function printSettings(texts: SettingTexts): string {
  const lines = (Object.entries(SERVER_SETTINGS) as [SettingName, Row][]).map(([name, row]) => {
    const text = texts[name];
    const shown = text === undefined ? '' : row.isSecret === true ? '********' : text;
    return `${row.env}=${shown}\n`;
  });
  return lines.join('');
}

function readListen(text: string): { host: string; port: number } {
  const [, bracketed, plain = '', digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65535)
    throw invalid('listen', 'expected an address and port such as 0.0.0.0:8080 or [::]:8080');
  return { host: bracketed ?? (plain === '' ? '0.0.0.0' : plain), port };
}

function readUrl(name: SettingName, text: string, protocols: readonly string[]): string {
  const url = URL.parse(text);
  if (url === null || !protocols.includes(url.protocol))
    throw invalid(name, `expected a URL that begins with ${protocols.map(one => `${one}//`).join(' or ')}`);
  return text;
}

function readTrustProxy(text: string): boolean | string {
  return text === 'all' ? true : text === 'none' ? false : text;
}

function choice<const T extends string>(name: SettingName, texts: SettingTexts, values: readonly T[]): T {
  const found = values.find(value => value === texts[name]);
  if (found === undefined) throw invalid(name, `expected one of ${values.join(', ')}`);
  return found;
}

function number(name: SettingName, texts: SettingTexts, min: number, max: number): number {
  const text = texts[name] ?? '';
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) throw invalid(name, `expected a number from ${min} to ${max}`);
  return value;
}

function versions(name: SettingName, texts: SettingTexts): readonly string[] {
  const found = (texts[name] ?? '').split(',').map(text => text.trim());
  if (found.some(text => !/^[0-9A-Za-z.+-]{1,50}$/.test(text))) {
    throw invalid(name, 'expected versions separated by commas, such as 1.20.0,1.21.0');
  }
  return found;
}

function size(name: SettingName, texts: SettingTexts): number {
  const bytes = parseByteSize(texts[name] ?? '');
  if (bytes === undefined) throw invalid(name, 'expected a size such as 500MiB or 2GiB');
  return bytes;
}

function pairs(name: SettingName, texts: SettingTexts): Readonly<Record<string, string>> {
  const entries = (texts[name] ?? '').split(',').filter(part => part.trim() !== '');
  return Object.fromEntries(
    entries.map(entry => {
      const at = entry.indexOf('=');
      if (at < 1) throw invalid(name, 'expected key=value, several joined by commas');
      return [entry.slice(0, at).trim(), entry.slice(at + 1).trim()];
    }),
  );
}

function pick<const K extends SettingName>(texts: SettingTexts, names: readonly K[]): { readonly [N in K]?: string } {
  return Object.fromEntries(names.flatMap(name => (texts[name] === undefined ? [] : [[name, texts[name]]]))) as {
    [N in K]?: string;
  };
}

function invalid(name: SettingName, why: string): PlimsollError {
  const { env, flag } = SERVER_SETTINGS[name];
  return new PlimsollError('CONFIGURATION_INVALID', `Cannot use ${env} (--${flag}): ${why}`);
}

function readMail({ smtp, mailFrom }: SettingTexts): Pick<ServerSettings, 'mail'> {
  if (smtp === undefined) return {};
  const server = new URL(readUrl('smtp', smtp, ['smtp:', 'smtps:']));
  if (mailFrom === undefined || !/^(?:[^<>@"\r\n]+ <[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/.test(mailFrom)) {
    throw new PlimsollError(
      'CONFIGURATION_INVALID',
      'Cannot send mail: with PLIMSOLL_SMTP, PLIMSOLL_MAIL_FROM is needed too, as in "Plimsoll <plimsoll@example.com>"',
    );
  }
  return { mail: { server, from: mailFrom } };
}
