/** Who may use the routes of images, findings, packages, vulnerabilities and their database. */
import type { Row, SampleRequest, SampleWorld } from './row.ts';

const image = ({ image: { digest } }: SampleWorld): SampleRequest => ({ params: { digest } });
const vulnerability = ({ image }: SampleWorld): SampleRequest => ({ params: { vulnerabilityId: image.vulnerability } });
const inRegistry = ({ image: { registryId } }: SampleWorld): SampleRequest => ({ params: { registryId } });
const inRepository = ({ image: { registryId, repository, tag } }: SampleWorld): SampleRequest => ({
  params: { registryId, tag },
  query: `?repository=${encodeURIComponent(repository)}`,
});

/** Images and what is known of them: for whoever has a role in a namespace that they are in. */
export const CONTENT_ROWS: readonly Row[] = [
  { route: 'GET /api/v1/registries/:registryId/repositories', for: 'viewer', request: inRegistry },
  { route: 'GET /api/v1/registries/:registryId/tags', for: 'viewer', request: inRepository },
  { route: 'GET /api/v1/registries/:registryId/tags/:tag/history', for: 'viewer', request: inRepository },
  { route: 'GET /api/v1/repositories', for: 'signed-in', isFiltered: true },
  { route: 'GET /api/v1/overview', for: 'signed-in' },
  { route: 'GET /api/v1/images', for: 'signed-in', isFiltered: true },
  { route: 'GET /api/v1/packages', for: 'signed-in', isFiltered: true },
  { route: 'GET /api/v1/manifests/:digest', for: 'viewer', request: image },
  { route: 'GET /api/v1/images/:digest/findings', for: 'viewer', request: image },
  { route: 'GET /api/v1/images/:digest/layers', for: 'viewer', request: image },
  {
    route: 'GET /api/v1/images/:digest/compare',
    for: 'viewer',
    request: world => ({ ...image(world), query: `?with=${world.image.digest}` }),
  },
  { route: 'GET /api/v1/images/:digest/packages', for: 'viewer', request: image },
  { route: 'GET /api/v1/images/:digest/coverage', for: 'viewer', request: image },
  { route: 'GET /api/v1/images/:digest/report', for: 'viewer', request: image },
  { route: 'GET /api/v1/images/:digest/sbom', for: 'viewer', request: image },
  { route: 'GET /api/v1/images/:digest/checks', for: 'viewer', request: image },
  { route: 'GET /api/v1/images/:digest/upgrades', for: 'viewer', request: image },
  { route: 'GET /api/v1/vulnerabilities', for: 'signed-in', isFiltered: true },
  { route: 'GET /api/v1/vulnerabilities/:vulnerabilityId', for: 'viewer', request: vulnerability },
  // A list: empty for those who may not see what it is about.
  { route: 'GET /api/v1/vulnerabilities/:vulnerabilityId/images', for: 'signed-in', request: vulnerability },
  { route: 'GET /api/v1/vulnerability-database', for: 'signed-in' },
  { route: 'POST /api/v1/vulnerability-database/update', for: 'server admin' },
  {
    // What is no file of advisories is told so, to those who may import some.
    route: 'POST /api/v1/vulnerability-database/import',
    for: 'server admin',
    request: () => ({ query: '?name=some.txt', body: 'no advisories' }),
  },
];

/** Quay's paths over the same images. */
export const QUAY_ROWS: readonly Row[] = [
  { route: 'GET /api/v1/repository', for: 'signed-in' },
  {
    route: 'GET /api/v1/repository/*',
    for: 'viewer',
    request: ({ image: { repository, digest } }) => ({ rest: `${repository}/manifest/${digest}/security` }),
  },
];
