/**
 * What a project may be: the values that its fields take, and the rules between them.
 *
 * Source: the public object model of Red Hat's certification API (CertProject and its `container`).
 */
import { isRegistryHost, isRepositoryName } from '#oci/reference.ts';
import type { ProjectSettings } from '#store/project.ts';
import { type FieldProblem, ProjectError } from './situation.ts';

export const PROJECT_KINDS = [
  'Containers',
  'Helm Chart',
  'OpenShift-cnf',
  'OpenShift-virtualization',
  'OpenStack-infra-container',
  'OpenStack-infra-noncontainer',
  'OpenStack-vnf',
  'OpenStack-app-container',
  'RHEL',
] as const;

/** The last is given by an admin alone. */
export const CONTAINER_TYPES = ['container', 'operator bundle image', 'scratch'] as const;

export const OS_CONTENT_TYPES = [
  'Red Hat Universal Base Image (UBI)',
  'Red Hat Enterprise Linux',
  'Operator Bundle Image',
  'Scratch Image',
] as const;

/** `rhcc`: in our own registry. */
export const DISTRIBUTION_METHODS = ['rhcc', 'external', 'non_registry', 'marketplace_only'] as const;

/** What a new project has where nothing is said. */
export const DEFAULT_SETTINGS: Omit<ProjectSettings, 'name'> = {
  kind: 'Containers',
  status: 'active',
  containerType: 'container',
  osContentType: 'Red Hat Universal Base Image (UBI)',
  distributionMethod: 'external',
  isHosted: false,
  registry: undefined,
  repository: undefined,
  isPrivileged: false,
  autoPublish: false,
  details: {},
};

/** As text, what is carried along may have. */
const MAX_DETAILS = 256 * 1024;

/** The names of Docker Hub made one; a registry is a host, so slashes and schemes go. */
export function normalRegistry(registry: string): string {
  const host = registry
    .trim()
    .replace(/^https?:\/\//i, '')
    .replace(/\/+$/, '')
    .toLowerCase();
  return host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host;
}

/**
 * Checks settings as a whole, and returns them as they are kept.
 * @throws {ProjectError} `field_invalid`, with every field that is wrong.
 */
export function checkSettings(settings: ProjectSettings, options: { readonly isAdmin: boolean }): ProjectSettings {
  const registry = settings.registry === undefined ? undefined : normalRegistry(settings.registry);
  const checked: ProjectSettings = {
    ...settings,
    name: settings.name.trim(),
    registry: registry === '' ? undefined : registry,
    repository: settings.repository?.trim() === '' ? undefined : settings.repository?.trim(),
    // Either says it.
    isHosted: settings.isHosted || settings.distributionMethod === 'rhcc',
  };
  const problems = [...findProblems(checked, options)];
  if (problems.length === 0) return checked;
  const [first] = problems;
  const rest = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  throw new ProjectError(
    'field_invalid',
    `Cannot save the project: ${first?.field ?? ''} ${first?.message ?? ''}${rest}`,
    { problems },
  );
}

function* findProblems(settings: ProjectSettings, { isAdmin }: { readonly isAdmin: boolean }): Generator<FieldProblem> {
  const { name, registry, repository, containerType, details } = settings;
  if (name === '' || name.length > 255) yield { field: 'name', message: 'must have 1 to 255 characters' };
  yield* choice('kind', settings.kind, PROJECT_KINDS);
  yield* choice('status', settings.status, ['active', 'archived']);
  const types = isAdmin ? CONTAINER_TYPES : CONTAINER_TYPES.filter(type => type !== 'scratch');
  if (!(types as readonly string[]).includes(containerType)) {
    yield { field: 'containerType', message: "must be 'container' or 'operator bundle image'" };
  }
  if (settings.osContentType !== undefined) yield* choice('osContentType', settings.osContentType, OS_CONTENT_TYPES);
  yield* choice('distributionMethod', settings.distributionMethod, DISTRIBUTION_METHODS);
  if (registry !== undefined && !isRegistryHost(registry)) {
    yield { field: 'registry', message: 'must be a host such as quay.io or registry.example.com:5000' };
  }
  if (repository !== undefined && !isRepositoryName(repository)) {
    yield { field: 'repository', message: 'must be a path of lower-case names such as acme/pilot' };
  }
  if (JSON.stringify(details).length > MAX_DETAILS) {
    yield { field: 'details', message: `must be shorter than ${MAX_DETAILS} characters` };
  }
}

function* choice(field: string, value: string, values: readonly string[]): Generator<FieldProblem> {
  if (!values.includes(value)) yield { field, message: `must be one of ${values.map(one => `'${one}'`).join(', ')}` };
}
