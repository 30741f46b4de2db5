/**
 * The tables as Kysely sees them. Generated from the migrations by testing/write-tables.ts: do not edit.
 */
import type { ColumnType, Generated } from 'kysely';

/** A time: ISO 8601 in UTC when read. */
type Time = ColumnType<string, string | Date, string | Date>;

/** A JSON value: parsed when read, the text of `toJson` when written. */
type Json = ColumnType<unknown, string, string>;
type NullableJson = ColumnType<unknown, string | null | undefined, string | null>;

export interface AccountTable {
  id: string;
  name: string;
  displayName: string;
  email: string | null;
  passwordHash: string | null;
  oidcIssuer: string | null;
  oidcSubject: string | null;
  disabledAt: Time | null;
  createdAt: Time;
  lastSignInAt: Time | null;
}

export interface AdapterScanTable {
  id: string;
  registryUrl: string;
  repository: string;
  tag: string;
  digest: string;
  mediaType: string;
  isInsecure: boolean;
  sealedAuthorization: Uint8Array | null;
  state: string;
  error: string | null;
  createdAt: Time;
}

export interface ApiKeyTable {
  id: string;
  accountId: string;
  name: string;
  prefix: string;
  hash: string;
  role: string;
  namespaceId: string | null;
  createdAt: Time;
  expiresAt: Time | null;
  lastUsedAt: Time | null;
  revokedAt: Time | null;
}

export interface AuditEntryTable {
  id: Generated<number>;
  at: Time;
  accountId: string | null;
  actor: string;
  apiKeyId: string | null;
  action: string;
  namespaceId: string | null;
  subjectKind: string;
  subjectId: string;
  detail: Json;
  requestId: string | null;
  remoteAddress: string | null;
}

export interface BaseImageTable {
  id: string;
  registry: string;
  repository: string;
  tag: string | null;
  digest: string;
  architecture: string;
  diffIds: Json;
  topLayer: string;
  addedBy: string;
  createdAt: Time;
  removedAt: Time | null;
}

export interface BuildTable {
  id: string;
  projectId: string;
  version: string;
  number: number;
  state: string;
  cause: string;
  causes: Json;
  requestedBy: string;
  notBefore: Time;
  attempts: Generated<number>;
  builderId: string | null;
  leaseToken: string | null;
  leaseUntil: Time | null;
  pushHash: string | null;
  recipe: NullableJson;
  result: NullableJson;
  digest: string | null;
  failure: NullableJson;
  outcome: NullableJson;
  considered: Json;
  logDigest: string | null;
  logBytes: Generated<number>;
  createdAt: Time;
  startedAt: Time | null;
  finishedAt: Time | null;
}

export interface BuildConfigurationTable {
  projectId: string;
  isEnabled: boolean;
  source: Json;
  dockerfile: string;
  context: string;
  imageName: string;
  platforms: Json;
  labels: Json;
  hostKeys: Json;
  login: Json;
  sealedLogin: Uint8Array | null;
  argumentNames: Json;
  sealedArguments: Uint8Array | null;
  pullHosts: Json;
  sealedPullSecret: Uint8Array | null;
  autoRebuild: boolean;
  autoPublish: boolean;
  rebuildDelaySeconds: number;
  limits: Json;
  revision: Generated<number>;
  createdAt: Time;
  updatedAt: Time;
}

export interface BuildLogTable {
  buildId: string;
  position: number;
  content: string;
}

export interface BuilderTable {
  id: string;
  name: string;
  isBuiltIn: boolean;
  tokenHash: string | null;
  versions: Json;
  createdAt: Time;
  lastSeenAt: Time | null;
  retiredAt: Time | null;
}

export interface BulkActionTable {
  id: string;
  registryId: string;
  action: string;
  result: Json;
  createdAt: Time;
}

export interface ClairIndexTable {
  manifestHash: string;
  id: string;
  documentDigest: string;
  version: string;
  state: string;
  error: string | null;
  isUnsupported: Generated<boolean>;
  sealedRequest: Uint8Array | null;
  attempt: string | null;
  claimedUntil: Time | null;
  usedAt: Time;
}

export interface ClairNotificationTable {
  id: string;
  rematchId: number;
  createdAt: Time;
  deliveredAt: Time | null;
}

export interface DatabaseChunkTable {
  versionId: number;
  position: number;
  bytes: Uint8Array;
}

export interface DatabaseVersionTable {
  id: Generated<number>;
  sha256: string;
  sizeBytes: number;
  builtAt: Time;
  status: Json;
  state: string;
  createdAt: Time;
}

export interface EventTable {
  id: Generated<number>;
  tx: Generated<string>;
  at: Time;
  kind: string;
  namespaceId: string | null;
  registryId: string | null;
  scheduleId: string | null;
  runId: string | null;
  data: Json;
}

export interface ExploitSignalTable {
  id: Generated<number>;
  cve: string;
  epss: number | null;
  percentile: number | null;
  kev: NullableJson;
}

export interface FindingChangeTable {
  rematchId: number;
  packageId: number;
  vulnerabilityId: number;
  kind: string;
  severityBefore: number | null;
  severityAfter: number | null;
  fixedVersionBefore: string | null;
  fixedVersionAfter: string | null;
}

export interface FindingDayTable {
  namespaceId: string;
  day: string;
  images: number;
  scannedImages: number;
  vulnerableImages: number;
  critical: number;
  high: number;
  medium: number;
  low: number;
  negligible: number;
  unknown: number;
  fixable: number;
  knownExploited: number;
  undetermined: number;
}

export interface FindingDetailTable {
  id: Generated<number>;
  key: string;
  detail: Json;
}

export interface HostedBlobTable {
  repositoryId: number;
  digest: string;
  touchedAt: Time;
}

export interface HostedManifestTable {
  repositoryId: number;
  manifestId: number;
  contentType: string;
  sizeBytes: number;
  subject: string | null;
  artifactType: string | null;
  annotations: NullableJson;
  pushedBy: string;
  pushedAt: Time;
  pulls: Generated<number>;
  lastPulledAt: Time | null;
}

export interface HostedReferenceTable {
  repositoryId: number;
  manifestId: number;
  digest: string;
}

export interface HostedRepositoryTable {
  repositoryId: number;
  name: string;
  space: string;
  isPublic: Generated<boolean>;
  createdAt: Time;
}

export interface HostedSpaceTable {
  name: string;
  namespaceId: string;
  registryId: string;
  projectId: string | null;
  quotaBytes: number | null;
  untaggedDays: number | null;
  createdAt: Time;
  isPublic: boolean | null;
}

export interface HostedUploadTable {
  id: string;
  repositoryId: number;
  startedBy: string;
  startedAt: Time;
  touchedAt: Time;
}

export interface IdempotentAnswerTable {
  accountId: string;
  key: string;
  requestHash: string;
  status: number | null;
  body: NullableJson;
  createdAt: Time;
  headers: NullableJson;
}

export interface ImageChangeTable {
  rematchId: number;
  manifestId: number;
  findingsNew: number;
  findingsFixed: number;
  findingsChanged: number;
  worstNew: number | null;
}

export interface ImageFileFactsTable {
  manifestId: number;
  version: string;
  facts: Json;
  createdAt: Time;
}

export interface ImageScanTable {
  manifestId: number;
  state: string;
  attempts: Generated<number>;
  errorCode: string | null;
  errorMessage: string | null;
  failedAt: Time | null;
  scannedAt: Time | null;
  analyserVersion: string | null;
  surroundingsId: number | null;
  distro: NullableJson;
  gaps: NullableJson;
  packageCount: number | null;
  worst: Generated<number>;
  critical: Generated<number>;
  high: Generated<number>;
  medium: Generated<number>;
  low: Generated<number>;
  negligible: Generated<number>;
  unknown: Generated<number>;
  fixable: Generated<number>;
  knownExploited: Generated<number>;
  undetermined: Generated<number>;
  judgedAt: Time | null;
}

export interface LayerTable {
  id: Generated<number>;
  digest: string;
}

export interface LayerFactsTable {
  layerDigest: string;
  version: string;
  facts: Uint8Array;
  createdAt: Time;
}

export interface ManifestTable {
  id: Generated<number>;
  digest: string;
  kind: string;
  mediaType: string;
  artifactType: string | null;
  document: Uint8Array;
  configDigest: string | null;
  config: NullableJson;
  os: string | null;
  architecture: string | null;
  variant: string | null;
  osVersion: string | null;
  builtAt: Time | null;
  layersSizeBytes: number | null;
  unsupportedReason: string | null;
  firstSeenAt: Time;
}

export interface ManifestChildTable {
  indexId: number;
  position: number;
  digest: string;
  mediaType: string;
  sizeBytes: number;
  kind: string;
  os: string | null;
  architecture: string | null;
  variant: string | null;
  osVersion: string | null;
}

export interface ManifestLayerTable {
  manifestId: number;
  position: number;
  layerId: number;
  sizeBytes: number;
  mediaType: string;
  diffId: string | null;
  createdBy: string | null;
  verifiedBy: Generated<string>;
}

export interface ManifestPackageSetTable {
  manifestId: number;
  position: number;
  setId: number;
}

export interface NamespaceTable {
  id: string;
  name: string;
  displayName: string;
  createdAt: Time;
}

export interface OidcAttemptTable {
  stateHash: string;
  sealed: Uint8Array;
  expiresAt: Time;
}

export interface OrganisationTable {
  id: Generated<number>;
  namespaceId: string;
}

export interface PackageTable {
  id: Generated<number>;
  key: string;
  surroundingsId: number;
  type: string;
  name: string;
  version: string;
  arch: string | null;
  facts: Json;
  firstSeenAt: Time;
}

export interface PackageDoubtTable {
  packageId: number;
  why: string;
  ids: Json;
}

export interface PackageFindingTable {
  packageId: number;
  vulnerabilityId: number;
  severity: number;
  fixKind: string;
  fixedVersion: string | null;
  isWaived: Generated<boolean>;
  isKnownExploited: Generated<boolean>;
  detailId: number;
  firstSeenAt: Time;
}

export interface PackageQuestionTable {
  packageId: number;
  ecosystem: string;
  name: string;
}

export interface PackageSetTable {
  id: Generated<number>;
  key: string;
  packageCount: number;
  critical: Generated<number>;
  high: Generated<number>;
  medium: Generated<number>;
  low: Generated<number>;
  negligible: Generated<number>;
  unknown: Generated<number>;
  fixable: Generated<number>;
  knownExploited: Generated<number>;
  undetermined: Generated<number>;
}

export interface PackageSetMemberTable {
  setId: number;
  packageId: number;
  locations: Json;
}

export interface ProjectTable {
  id: string;
  namespaceId: string;
  pid: string;
  name: string;
  kind: string;
  status: string;
  certificationStatus: string;
  certifiedAt: Time | null;
  containerType: string;
  osContentType: string | null;
  distributionMethod: string;
  isHosted: boolean;
  registry: string | null;
  repository: string | null;
  isPrivileged: Generated<boolean>;
  autoPublish: Generated<boolean>;
  details: Json;
  history: Json;
  sealedPullSecret: Uint8Array | null;
  pullSecretSummary: NullableJson;
  revision: Generated<number>;
  createdAt: Time;
  updatedAt: Time;
}

export interface ProjectArtifactTable {
  id: string;
  projectId: string;
  imageId: string | null;
  filename: string;
  contentType: string;
  content: Uint8Array;
  sizeBytes: number;
  scrubbed: number;
  details: Json;
  createdAt: Time;
}

export interface ProjectGradeTable {
  id: Generated<number>;
  imageId: string;
  computedAt: Time;
  schedule: Json;
}

export interface ProjectImageTable {
  id: string;
  projectId: string;
  digest: string;
  configDigest: string | null;
  listDigest: string | null;
  architecture: string;
  isReportedCertified: boolean | null;
  isVerifiedCertified: boolean | null;
  isCertified: Generated<boolean>;
  exception: NullableJson;
  origin: string;
  registry: string | null;
  repository: string | null;
  tags: Json;
  diffIds: NullableJson;
  sizeBytes: number | null;
  rawConfig: string | null;
  parsed: Json;
  scanState: Generated<string>;
  scanMessage: string | null;
  grade: string | null;
  pushedAt: Time | null;
  publishedAt: Time | null;
  deletedAt: Time | null;
  createdAt: Time;
  updatedAt: Time;
}

export interface ProjectRegistryKeyTable {
  id: string;
  projectId: string;
  hash: string;
  sealed: Uint8Array;
  createdAt: Time;
  lastUsedAt: Time | null;
  endedAt: Time | null;
}

export interface ProjectRequestTable {
  id: string;
  projectId: string;
  kind: string;
  operation: string | null;
  pullSpec: string | null;
  tag: string | null;
  imageId: string | null;
  listDigest: string | null;
  imageIds: Json;
  status: string;
  statusMessage: string | null;
  situation: string | null;
  warnings: Json;
  overrideReason: string | null;
  requestedBy: Json;
  attempts: Generated<number>;
  retryAt: Time | null;
  createdAt: Time;
  updatedAt: Time;
}

export interface ProjectRpmManifestTable {
  id: string;
  imageId: string;
  rpms: Json;
  createdAt: Time;
}

export interface ProjectTestResultTable {
  id: string;
  projectId: string;
  imageId: string | null;
  origin: string;
  isPassed: boolean;
  document: Json;
  createdAt: Time;
  updatedAt: Time;
}

export interface PushHookTable {
  registryId: string;
  secretHash: string;
  createdBy: string;
  createdAt: Time;
  lastNoticeAt: Time | null;
  lastForm: string | null;
  lastImages: number | null;
  notices: Generated<number>;
}

export interface RegistryTable {
  id: string;
  namespaceId: string;
  name: string;
  type: string;
  url: string;
  host: string;
  settings: Json;
  credentialKind: string;
  sealedCredentials: Uint8Array | null;
  credentialHint: string | null;
  credentialExpiresAt: Time | null;
  sensorSelector: Json;
  labels: Json;
  maxListings: Generated<number>;
  maxScans: Generated<number>;
  health: Generated<string>;
  healthDetail: string | null;
  lastProbe: NullableJson;
  rateLimit: NullableJson;
  coolDownUntil: Time | null;
  warnings: Json;
  revision: Generated<number>;
  createdAt: Time;
  updatedAt: Time;
  removedAt: Time | null;
}

export interface RematchTable {
  id: Generated<number>;
  fromVersion: number | null;
  toVersion: number;
  startedAt: Time;
  completedAt: Time | null;
  packagesTotal: Generated<number>;
  packagesJudged: Generated<number>;
  imagesChanged: Generated<number>;
  findingsNew: Generated<number>;
  findingsFixed: Generated<number>;
  findingsChanged: Generated<number>;
}

export interface RematchDoubtTable {
  rematchId: number;
  packageId: number;
  why: string;
  ids: Json;
}

export interface RematchFindingTable {
  rematchId: number;
  packageId: number;
  vulnerabilityId: number;
  severity: number;
  fixKind: string;
  fixedVersion: string | null;
  isWaived: boolean;
  isKnownExploited: boolean;
  detailId: number;
}

export interface RematchPackageTable {
  rematchId: number;
  packageId: number;
}

export interface RematchSignalTable {
  rematchId: number;
  cve: string;
  epss: number | null;
  percentile: number | null;
  kev: NullableJson;
}

export interface RepositoryTable {
  id: Generated<number>;
  registryId: string;
  name: string;
  note: string | null;
  firstSeenAt: Time;
  cataloguedAt: Time | null;
  lastListedAt: Time | null;
  goneAt: Time | null;
}

export interface RepositoryManifestTable {
  repositoryId: number;
  manifestId: number;
  firstSeenAt: Time;
  pushedAt: Time | null;
  pushedAtSource: string;
  goneAt: Time | null;
}

export interface RoleBindingTable {
  accountId: string;
  namespaceId: string | null;
  role: string;
  origin: Generated<string>;
}

export interface RunTable {
  id: string;
  registryId: string;
  scheduleId: string | null;
  number: number;
  kind: string;
  mode: string;
  previousRunId: string | null;
  trigger: string;
  settings: Json;
  settingsVersion: number;
  isDeep: Generated<boolean>;
  state: string;
  sequence: Generated<number>;
  pauseReason: string | null;
  resumeAt: Time | null;
  reason: string | null;
  plannedAt: Time | null;
  createdAt: Time;
  startedAt: Time | null;
  listingStartedAt: Time | null;
  listingCompletedAt: Time | null;
  scanningStartedAt: Time | null;
  scanningCompletedAt: Time | null;
  completedAt: Time | null;
  progressAt: Time | null;
  listingsOpen: Generated<number>;
  repositoriesListed: Generated<number>;
  tagsSeen: Generated<number>;
  tagsMatched: Generated<number>;
  digestsSelected: Generated<number>;
  digestsSkippedKnown: Generated<number>;
  digestsSkippedPlatform: Generated<number>;
  digestsSkippedNotScannable: Generated<number>;
  digestsQueued: Generated<number>;
  digestsRunning: Generated<number>;
  digestsScanned: Generated<number>;
  digestsFailed: Generated<number>;
  digestsNotReached: Generated<number>;
  bytesPulled: Generated<number>;
  pullsCounted: Generated<number>;
  patterns: Json;
  noImagesMatched: Generated<boolean>;
  errors: Json;
}

export interface RunImageTable {
  runId: string;
  digest: string;
  repositoryId: number;
  tags: Json;
  state: string;
  taskId: string | null;
  attempts: Generated<number>;
  errorCode: string | null;
  reason: string | null;
  bytesPulled: Generated<number>;
  startedAt: Time | null;
  endedAt: Time | null;
}

export interface RunRepositoryTable {
  runId: string;
  repositoryId: number;
  state: string;
  tagsSeen: number | null;
  tagsMatched: number | null;
  figures: NullableJson;
  errorCode: string | null;
  reason: string | null;
  endedAt: Time | null;
}

export interface ScheduleTable {
  id: string;
  registryId: string;
  name: string;
  settings: Json;
  settingsVersion: Generated<number>;
  state: string;
  sequence: Generated<number>;
  desiredState: string | null;
  pauseReason: string | null;
  resumeAt: Time | null;
  isEnabled: Generated<boolean>;
  baselineVersion: number | null;
  nextDueAt: Time | null;
  launchAt: Time | null;
  lastPlannedAt: Time | null;
  skippedOverlaps: Generated<number>;
  runCount: Generated<number>;
  currentRunId: string | null;
  createdBy: string;
  revision: Generated<number>;
  createdAt: Time;
  updatedAt: Time;
}

export interface SensorTable {
  id: string;
  name: string;
  isBuiltIn: Generated<boolean>;
  tokenHash: string | null;
  labels: Json;
  profile: Json;
  profileVersion: Generated<number>;
  report: NullableJson;
  lastHeartbeatAt: Time | null;
  isDraining: Generated<boolean>;
  toldState: Generated<string>;
  createdAt: Time;
  retiredAt: Time | null;
}

export interface SensorTokenTable {
  hash: string;
  name: string;
  labels: Json;
  createdBy: string;
  createdAt: Time;
  expiresAt: Time;
  usedAt: Time | null;
  sensorId: string | null;
}

export interface SessionTable {
  idHash: string;
  accountId: string;
  createdAt: Time;
  lastSeenAt: Time;
  expiresAt: Time;
  userAgent: string | null;
}

export interface SettingTable {
  name: string;
  value: Json;
}

export interface SignInFailureTable {
  id: Generated<number>;
  subject: string;
  at: Time;
}

export interface StoredBlobTable {
  digest: string;
  sizeBytes: number | null;
  touchedAt: Time;
  isKept: Generated<boolean>;
}

export interface SurroundingsTable {
  id: Generated<number>;
  key: string;
  value: Json;
}

export interface TagTable {
  id: Generated<number>;
  repositoryId: number;
  name: string;
  manifestId: number;
  pushedAt: Time | null;
  pushedAtSource: string;
  startedAt: Time;
  endedAt: Time | null;
}

export interface TaskTable {
  id: string;
  kind: string;
  lane: string;
  key: string;
  registryId: string;
  repositoryId: number | null;
  digest: string | null;
  knownReport: Time | null;
  work: Json;
  selector: Json;
  state: string;
  rankedAt: Time;
  attempt: Generated<number>;
  failures: Generated<number>;
  expiries: Generated<number>;
  notBefore: Time;
  sensorId: string | null;
  leaseToken: string | null;
  leasedAt: Time | null;
  leaseUntil: Time | null;
  inventoryAt: Time | null;
  progress: NullableJson;
  errorCode: string | null;
  errorMessage: string | null;
  result: NullableJson;
  createdAt: Time;
  endedAt: Time | null;
}

export interface TaskRepositoryTable {
  taskId: string;
  name: string;
}

export interface TaskRunTable {
  taskId: string;
  runId: string;
}

export interface TaskTagTable {
  taskId: string;
  name: string;
  digest: string;
  pushedAt: Time | null;
  pushedAtSource: string;
}

export interface VulnerabilityTable {
  id: Generated<number>;
  name: string;
  title: string | null;
  worst: Generated<number>;
  isFixable: Generated<boolean>;
  isKnownExploited: Generated<boolean>;
}

export interface VulnerabilityAliasTable {
  alias: string;
  vulnerabilityId: number;
}

export interface WaiverTable {
  id: string;
  namespaceId: string;
  vulnerability: string;
  package: string | null;
  scopeKind: string;
  registryId: string | null;
  repository: string | null;
  digest: string | null;
  reason: string;
  expiresOn: string | null;
  createdBy: string;
  createdAt: Time;
  updatedAt: Time;
  endedBy: string | null;
  endedAt: Time | null;
  isExpiryTold: Generated<boolean>;
  revision: Generated<number>;
}

export interface WebhookTable {
  id: string;
  namespaceId: string;
  name: string;
  url: string;
  sealedSecret: Uint8Array;
  kinds: Json;
  filter: Json;
  isEnabled: Generated<boolean>;
  revision: Generated<number>;
  createdAt: Time;
  updatedAt: Time;
}

export interface WebhookDeliveryTable {
  id: string;
  webhookId: string;
  eventId: number | null;
  kind: string;
  body: string;
  state: string;
  attempts: Generated<number>;
  lastStatus: number | null;
  lastError: string | null;
  lastDurationMs: number | null;
  nextAttemptAt: Time | null;
  createdAt: Time;
  deliveredAt: Time | null;
}

/** Every table by its name. */
export interface Tables {
  account: AccountTable;
  adapterScan: AdapterScanTable;
  apiKey: ApiKeyTable;
  auditEntry: AuditEntryTable;
  baseImage: BaseImageTable;
  build: BuildTable;
  buildConfiguration: BuildConfigurationTable;
  buildLog: BuildLogTable;
  builder: BuilderTable;
  bulkAction: BulkActionTable;
  clairIndex: ClairIndexTable;
  clairNotification: ClairNotificationTable;
  databaseChunk: DatabaseChunkTable;
  databaseVersion: DatabaseVersionTable;
  event: EventTable;
  exploitSignal: ExploitSignalTable;
  findingChange: FindingChangeTable;
  findingDay: FindingDayTable;
  findingDetail: FindingDetailTable;
  hostedBlob: HostedBlobTable;
  hostedManifest: HostedManifestTable;
  hostedReference: HostedReferenceTable;
  hostedRepository: HostedRepositoryTable;
  hostedSpace: HostedSpaceTable;
  hostedUpload: HostedUploadTable;
  idempotentAnswer: IdempotentAnswerTable;
  imageChange: ImageChangeTable;
  imageFileFacts: ImageFileFactsTable;
  imageScan: ImageScanTable;
  layer: LayerTable;
  layerFacts: LayerFactsTable;
  manifest: ManifestTable;
  manifestChild: ManifestChildTable;
  manifestLayer: ManifestLayerTable;
  manifestPackageSet: ManifestPackageSetTable;
  namespace: NamespaceTable;
  oidcAttempt: OidcAttemptTable;
  organisation: OrganisationTable;
  package: PackageTable;
  packageDoubt: PackageDoubtTable;
  packageFinding: PackageFindingTable;
  packageQuestion: PackageQuestionTable;
  packageSet: PackageSetTable;
  packageSetMember: PackageSetMemberTable;
  project: ProjectTable;
  projectArtifact: ProjectArtifactTable;
  projectGrade: ProjectGradeTable;
  projectImage: ProjectImageTable;
  projectRegistryKey: ProjectRegistryKeyTable;
  projectRequest: ProjectRequestTable;
  projectRpmManifest: ProjectRpmManifestTable;
  projectTestResult: ProjectTestResultTable;
  pushHook: PushHookTable;
  registry: RegistryTable;
  rematch: RematchTable;
  rematchDoubt: RematchDoubtTable;
  rematchFinding: RematchFindingTable;
  rematchPackage: RematchPackageTable;
  rematchSignal: RematchSignalTable;
  repository: RepositoryTable;
  repositoryManifest: RepositoryManifestTable;
  roleBinding: RoleBindingTable;
  run: RunTable;
  runImage: RunImageTable;
  runRepository: RunRepositoryTable;
  schedule: ScheduleTable;
  sensor: SensorTable;
  sensorToken: SensorTokenTable;
  session: SessionTable;
  setting: SettingTable;
  signInFailure: SignInFailureTable;
  storedBlob: StoredBlobTable;
  surroundings: SurroundingsTable;
  tag: TagTable;
  task: TaskTable;
  taskRepository: TaskRepositoryTable;
  taskRun: TaskRunTable;
  taskTag: TaskTagTable;
  vulnerability: VulnerabilityTable;
  vulnerabilityAlias: VulnerabilityAliasTable;
  waiver: WaiverTable;
  webhook: WebhookTable;
  webhookDelivery: WebhookDeliveryTable;
}
