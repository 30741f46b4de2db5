/**
 * The products that registries are of: the one table. Each is loaded when it is first asked for, since some bring large libraries.
 */
import type { RegistryProduct } from './connector.ts';
import { REGISTRY_TYPES, type RegistryType } from './registry-type.ts';

const PRODUCTS: Readonly<Partial<Record<RegistryType, () => Promise<RegistryProduct>>>> = {
  ghcr: async () => (await import('./ghcr/product.ts')).ghcr,
  gitlab: async () => (await import('./gitlab/product.ts')).gitlab,
  'docker-hub': async () => (await import('./docker-hub/product.ts')).dockerHub,
  'docker-v2': async () => (await import('./docker-v2/product.ts')).dockerV2,
  'aws-ecr': async () => (await import('./aws-ecr/product.ts')).awsEcr,
  'aws-ecr-public': async () => (await import('./aws-ecr-public/product.ts')).awsEcrPublic,
  'azure-acr': async () => (await import('./azure-acr/product.ts')).azureAcr,
  'google-container-registry': async () =>
    (await import('./google-container-registry/product.ts')).googleContainerRegistry,
  'google-artifact-registry': async () =>
    (await import('./google-artifact-registry/product.ts')).googleArtifactRegistry,
  harbor: async () => (await import('./harbor/product.ts')).harbor,
  'jfrog-artifactory': async () => (await import('./jfrog-artifactory/product.ts')).jfrogArtifactory,
  'mirantis-msr': async () => (await import('./mirantis-msr/product.ts')).mirantisMsr,
  quay: async () => (await import('./quay/product.ts')).quay,
  openshift: async () => (await import('./openshift/product.ts')).openshift,
  nexus: async () => (await import('./nexus/product.ts')).nexus,
};

/** The product of a type. */
export async function getProduct(type: RegistryType): Promise<RegistryProduct> {
  const load = PRODUCTS[type];
  if (load === undefined) throw new Error(`There is no connector for ${type}`);
  return await load();
}

/** All products in the order people are shown them. */
export async function listProducts(): Promise<readonly RegistryProduct[]> {
  return await Promise.all(REGISTRY_TYPES.filter(type => PRODUCTS[type] !== undefined).map(getProduct));
}
