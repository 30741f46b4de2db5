/**
 * Settings of the server: one table, from which come the environment variables, the flags of `plimsoll serve`, `--print-config` and
 * docs/configuration.md (`node --conditions=plimsoll-source src/base/settings-page.ts` writes it; a test keeps the two in step).
 */

/** A setting. */
export interface SettingRow {
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
    meaning: 'Free space below which the built-in sensor takes no work, and no layers are fetched for Quay',
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
  clairPsk: {
    flag: 'clair-psk',
    env: 'PLIMSOLL_CLAIR_PSK',
    value: 'base64',
    isSecret: true,
    meaning:
      'Switches on Clair’s API, for Quay: the key that both sign with, as Quay has it in `SECURITY_SCANNER_V4_PSK`; `none` lets in everybody who reaches the server',
  },
  clairWebhook: {
    flag: 'clair-webhook',
    env: 'PLIMSOLL_CLAIR_WEBHOOK',
    value: 'url',
    meaning: 'Where Quay is told of new findings: `https://quay.example/secscan/notification`',
  },
  clairHosts: {
    flag: 'clair-hosts',
    env: 'PLIMSOLL_CLAIR_HOSTS',
    value: 'host,…',
    meaning:
      'Hosts without port that Quay and its storage have, where their addresses are private: layers are fetched from these whatever `PLIMSOLL_PRIVATE_ADDRESSES` says',
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
} as const satisfies Record<string, SettingRow>;

/** Names of settings. */
export type SettingName = keyof typeof SERVER_SETTINGS;
