/**
 * The list of pages: address, module, and for the navigation its name and who may use it. Each page is a chunk, fetched when it is first
 * opened. To add a page, add a row here; see web/README.md.
 */
import type { ComponentType } from 'react';
import type { Role } from '../api/model.ts';

/** A page. */
export interface PageEntry {
  /** As React Router writes it: `registries/:registryId`. */
  readonly path: string;
  readonly load: () => Promise<ComponentType>;
  /** Missing: reached from other pages alone. */
  readonly nav?: NavEntry;
  /** Everybody may see it, signed in or not. */
  readonly isPublic?: true;
}

/** An entry of the navigation. */
export interface NavEntry {
  readonly title: string;
  readonly group: NavGroup;
  /** Who sees it: a role, and where; whoever has signed in when missing. */
  readonly needs?: { readonly role: Role; readonly place: 'server' | 'anywhere' };
}

/** In the order of the navigation. */
export const NAV_GROUPS = ['Security', 'Assets', 'Certification', 'Configuration'] as const;
export type NavGroup = (typeof NAV_GROUPS)[number];

/** Every page but the sign-in and the set-up. */
export const PAGES: readonly PageEntry[] = [
  {
    path: 'overview',
    load: async () => (await import('../overview/overview-page.tsx')).OverviewPage,
    nav: { title: 'Overview', group: 'Security' },
  },
  {
    path: 'repositories',
    load: async () => (await import('../repository/repositories-page.tsx')).RepositoriesPage,
    nav: { title: 'Repositories', group: 'Security' },
  },
  { path: 'repositories/:registryId/*', load: async () => (await import('../repository/tags-page.tsx')).TagsPage },
  {
    path: 'images',
    load: async () => (await import('../image/images-page.tsx')).ImagesPage,
    nav: { title: 'Images', group: 'Security' },
  },
  { path: 'images/:digest', load: async () => (await import('../image/manifest-page.tsx')).ManifestPage },
  {
    path: 'vulnerabilities',
    load: async () => (await import('../vulnerability/vulnerabilities-page.tsx')).VulnerabilitiesPage,
    nav: { title: 'Vulnerabilities', group: 'Security' },
  },
  {
    path: 'vulnerabilities/:vulnerabilityId',
    load: async () => (await import('../vulnerability/vulnerability-page.tsx')).VulnerabilityPage,
  },
  {
    path: 'packages',
    load: async () => (await import('../package/packages-page.tsx')).PackagesPage,
    nav: { title: 'Packages', group: 'Security' },
  },
  {
    path: 'waivers',
    load: async () => (await import('../waiver/waivers-page.tsx')).WaiversPage,
    nav: { title: 'Waivers', group: 'Security' },
  },
  {
    path: 'registries',
    load: async () => (await import('../registry/registries-page.tsx')).RegistriesPage,
    nav: { title: 'Registries', group: 'Assets' },
  },
  { path: 'registries/new', load: async () => (await import('../registry/new-registry-page.tsx')).NewRegistryPage },
  {
    path: 'registries/:registryId/jobs/new',
    load: async () => (await import('../job/job-editor-page.tsx')).NewJobPage,
  },
  {
    path: 'registries/:registryId/:tab?',
    load: async () => (await import('../registry/registry-page.tsx')).RegistryPage,
  },
  { path: 'jobs/:scheduleId', load: async () => (await import('../job/job-page.tsx')).JobPage },
  { path: 'jobs/:scheduleId/edit', load: async () => (await import('../job/job-editor-page.tsx')).EditJobPage },
  { path: 'runs/:runId', load: async () => (await import('../run/run-page.tsx')).RunPage },
  {
    path: 'projects',
    load: async () => (await import('../project/projects-page.tsx')).ProjectsPage,
    nav: { title: 'Projects', group: 'Certification' },
  },
  {
    path: 'projects/:projectId/images/:imageId',
    load: async () => (await import('../project/project-image-page.tsx')).ProjectImagePage,
  },
  {
    path: 'projects/:projectId/builds/:buildId',
    load: async () => (await import('../build/build-page.tsx')).BuildPage,
  },
  { path: 'projects/:projectId/:tab?', load: async () => (await import('../project/project-page.tsx')).ProjectPage },
  // As preflight prints them.
  ...['images', 'certification/test-results/:resultId', 'security/vulnerabilities/:imageId'].map(rest => ({
    path: `component/view/:projectId/${rest}`,
    load: async () => (await import('../project/component-link.tsx')).ComponentLink,
  })),
  {
    path: 'catalogue',
    load: async () => (await import('../catalogue/catalogue-page.tsx')).CataloguePage,
    nav: { title: 'Catalogue', group: 'Certification' },
    isPublic: true,
  },
  {
    path: 'catalogue/repository/:registry/*',
    load: async () => (await import('../catalogue/catalogue-repository-page.tsx')).CatalogueRepositoryPage,
    isPublic: true,
  },
  {
    path: 'catalogue/image/:imageId',
    load: async () => (await import('../catalogue/catalogue-image-page.tsx')).CatalogueImagePage,
    isPublic: true,
  },
  {
    path: 'sensors',
    load: async () => (await import('../sensor/sensors-page.tsx')).SensorsPage,
    nav: { title: 'Sensors', group: 'Configuration', needs: { role: 'viewer', place: 'server' } },
  },
  { path: 'sensors/:sensorId', load: async () => (await import('../sensor/sensor-page.tsx')).SensorPage },
  {
    path: 'settings',
    load: async () => (await import('../settings/settings-page.tsx')).SettingsPage,
    nav: { title: 'Settings', group: 'Configuration', needs: { role: 'admin', place: 'anywhere' } },
  },
  { path: 'settings/:tab', load: async () => (await import('../settings/settings-page.tsx')).SettingsPage },
  { path: 'webhooks/:webhookId', load: async () => (await import('../settings/webhook-page.tsx')).WebhookPage },
  { path: 'account', load: async () => (await import('../account/account-page.tsx')).AccountPage },
];
