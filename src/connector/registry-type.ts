/** The products that registries are of. */

/** Stable names, as the API and the database have them. */
export const REGISTRY_TYPES = [
  'docker-v2',
  'docker-hub',
  'aws-ecr',
  'aws-ecr-public',
  'azure-acr',
  'google-container-registry',
  'google-artifact-registry',
  'ghcr',
  'gitlab',
  'harbor',
  'jfrog-artifactory',
  'mirantis-msr',
  'quay',
  'openshift',
  'nexus',
] as const;

/** One of `REGISTRY_TYPES`. */
export type RegistryType = (typeof REGISTRY_TYPES)[number];
