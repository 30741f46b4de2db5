/** What can be chosen of a project, in words. */
import type { Project } from '../api/model.ts';
import type { paths } from '../api/schema.d.ts';

/** What may be changed of a project. */
export type ProjectBody = NonNullable<
  paths['/api/v1/projects/{projectId}']['patch']['requestBody']
>['content']['application/json'];
export type OsContentType = NonNullable<ProjectBody['osContentType']>;
type DistributionMethod = NonNullable<ProjectBody['distributionMethod']>;
type ContainerType = NonNullable<ProjectBody['containerType']>;

export const OS_CONTENT_TYPES = [
  'Red Hat Universal Base Image (UBI)',
  'Red Hat Enterprise Linux',
  'Operator Bundle Image',
  'Scratch Image',
] as const satisfies readonly OsContentType[];

export const DISTRIBUTION_METHODS: readonly { readonly value: DistributionMethod; readonly label: string }[] = [
  { value: 'rhcc', label: 'In the registry of this server: pushed here' },
  { value: 'external', label: 'In a registry of yours' },
  { value: 'non_registry', label: 'Not by a registry' },
  { value: 'marketplace_only', label: 'By a marketplace alone' },
];

export const CONTAINER_TYPES: readonly { readonly value: ContainerType; readonly label: string }[] = [
  { value: 'container', label: 'Container' },
  { value: 'operator bundle image', label: 'Operator bundle' },
  { value: 'scratch', label: 'Scratch: decided by an admin' },
];

/** Somebody to write to. */
export interface Contact {
  readonly email: string;
  readonly type: string;
}

/** What the details of a project hold that this interface knows. Details come from clients too, so that nothing in them is sure. */
export interface KnownDetails {
  readonly shortDescription: string;
  readonly description: string;
  readonly contacts: readonly Contact[];
}

/** Reads the details of a project; what is missing or odd is empty. */
export function detailsOf({ details }: Pick<Project, 'details'>): KnownDetails {
  const container = recordOf(details['container']);
  const contacts = Array.isArray(details['contacts']) ? details['contacts'] : [];
  return {
    shortDescription: textOf(container['short_description']),
    description: textOf(container['repository_description']),
    contacts: contacts.map(recordOf).flatMap(one => {
      const email = textOf(one['email_address']);
      return email === '' ? [] : [{ email, type: textOf(one['type']) }];
    }),
  };
}

/** The details as they are sent: merged into what there is, but lists are replaced. */
export function toDetails({ shortDescription, description, contacts }: KnownDetails): Record<string, unknown> {
  return {
    container: { short_description: shortDescription.trim(), repository_description: description.trim() },
    contacts: contacts
      .filter(({ email }) => email.trim() !== '')
      .map(({ email, type }) => ({ email_address: email.trim(), type })),
  };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
