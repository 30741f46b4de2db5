/** The things that the API speaks of, by their short names; all generated from its document. */
import type { components, paths } from './schema.d.ts';

type Schemas = components['schemas'];

export type Account = Schemas['Account'];
export type ApiKey = Schemas['ApiKey'];
export type AuditEntry = Schemas['AuditEntry'];
export type Build = Schemas['Build'];
export type BuildConfiguration = Schemas['BuildConfiguration'];
export type BuildConfigurationBody = NonNullable<
  paths['/api/v1/projects/{projectId}/build-configuration']['put']['requestBody']
>['content']['application/json'];
export type BuildSourceReport = Schemas['BuildSourceReport'];
export type BulkResult = Schemas['BulkResult'];
export type CatalogFinding = Schemas['CatalogFinding'];
export type CatalogImage = Schemas['CatalogImage'];
export type CatalogImageDetails = Schemas['CatalogImageDetails'];
export type CatalogRepository = Schemas['CatalogRepository'];
export type ChecklistItem = Schemas['ChecklistItem'];
export type CheckResult = Schemas['CheckResult'];
export type ChildManifest = Schemas['ChildManifest'];
export type EventKind = Schemas['Event']['kind'];
export type Finding = Schemas['Finding'];
export type FindingBrief = Schemas['FindingBrief'];
export type FindingCounts = Schemas['FindingCounts'];
export type Image = Schemas['Image'];
export type ImageCoverage = Schemas['ImageCoverage'];
export type ImagePackage = Schemas['ImagePackage'];
export type ImageScan = Schemas['ImageScan'];
export type ImageTotals = Schemas['ImageTotals'];
export type Layer = Schemas['Layer'];
export type Manifest = Schemas['Manifest'];
export type Member = Schemas['Member'];
export type Namespace = Schemas['Namespace'];
export type OidcSettings = Schemas['OidcSettings'];
export type Overview = Schemas['Overview'];
export type NewWaiver = NonNullable<paths['/api/v1/waivers']['post']['requestBody']>['content']['application/json'];
export type Package = Schemas['Package'];
export type PlacedRepository = Schemas['PlacedRepository'];
export type Project = Schemas['Project'];
export type ProjectImage = Schemas['ProjectImage'];
export type ProjectRequest = Schemas['ProjectRequest'];
export type Registry = Schemas['Registry'];
export type RegistryProduct = Schemas['RegistryProduct'];
export type Repository = Schemas['Repository'];
export type Role = Member['role'];
export type Run = Schemas['Run'];
export type RunImage = Schemas['RunImage'];
export type Schedule = Schemas['Schedule'];
export type ScheduleSettings = Schemas['ScheduleSettingsInput'];
export type Sensor = Schemas['Sensor'];
export type SensorToken = Schemas['SensorToken'];
export type Session = Schemas['Session'];
export type Tag = Schemas['Tag'];
export type TestResult = Schemas['TestResult'];
export type Upgrade = Schemas['Upgrade'];
export type Violation = ApiViolation;
export type Vulnerability = Schemas['Vulnerability'];
export type VulnerabilityDatabase = Schemas['VulnerabilityDatabase'];
export type Waiver = Schemas['Waiver'];
export type Webhook = Schemas['Webhook'];
export type WebhookDelivery = Schemas['WebhookDelivery'];

/** Something wrong with a field, as problem documents and schedules tell it. */
interface ApiViolation {
  readonly field: string;
  readonly message: string;
  readonly code?: string | undefined;
  readonly remedy?: string | undefined;
}
