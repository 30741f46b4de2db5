/**
 * `/api/v1/registry-products`: what the wizard needs to know of each product before a registry is made.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { describeAwsRole } from '#connector/aws-ecr/trust-policy.ts';
import { getProduct, listProducts } from '#connector/products.ts';
import { REGISTRY_TYPES } from '#connector/registry-type.ts';
import { problems, typed } from '../native-route.ts';

const capabilitiesSchema = z.object({
  catalog: z.boolean().describe('Repositories can be listed'),
  pushedDate: z.boolean().describe('The date of a push is known without reading the image'),
  newestFirst: z.boolean(),
  dateFilter: z.boolean(),
  pullTimeSideEffect: z.boolean().describe('Pulling moves a date that clean-up rules of the registry go by'),
  rateLimitHeaders: z.boolean(),
});

const productSchema = z
  .object({
    type: z.enum(REGISTRY_TYPES),
    label: z.string(),
    credentialKinds: z.array(z.string()).describe('The usual one first'),
    addressHint: z.string(),
    credentialHelp: z.string().describe('Markdown: which rights the credentials need, and how to get them'),
    everything: z.enum(['.*', '*']).describe('The wildcard that means everything'),
    requiresTags: z.boolean().describe('Whether On Demand jobs must name tags'),
    capabilities: capabilitiesSchema,
  })
  .meta({ id: 'RegistryProduct' });

const awsRoleSchema = z
  .object({
    partition: z.string(),
    externalId: z.string(),
    trustPolicy: z.string().describe('JSON: who may take the role on'),
    permissionPolicy: z.string().describe('JSON: what the role may do'),
    managedPolicyArn: z.string().describe('A policy of AWS that does for the permissions as well'),
  })
  .meta({ id: 'AwsRole' });

/** Adds the routes. */
export function productRoutes(instance: FastifyInstance): void {
  const app = typed(instance);
  const tags = ['registries'];
  const signedIn = { config: { access: 'signed-in' as const } };
  app.get(
    '/api/v1/registry-products',
    {
      ...signedIn,
      schema: {
        tags,
        summary: 'List the products that registries are of',
        response: { 200: z.object({ items: z.array(productSchema) }), ...problems },
      },
    },
    async () => ({ items: (await listProducts()).map(present) }),
  );
  app.get(
    '/api/v1/registry-products/:type',
    {
      ...signedIn,
      schema: {
        tags,
        summary: 'Read one product',
        params: z.object({ type: z.enum(REGISTRY_TYPES) }),
        response: { 200: productSchema, ...problems },
      },
    },
    async request => present(await getProduct(request.params.type)),
  );
  app.post(
    '/api/v1/registry-products/aws-ecr/role',
    {
      ...signedIn,
      schema: {
        tags,
        summary: 'Describe the role that gives access to registries of Amazon ECR in another account',
        description:
          'Nothing is kept: create the role, then give its ARN and the external id as credentials of the registry.',
        body: z.strictObject({
          accountType: z.enum(['global', 'us-govcloud', 'china']),
          trusted: z.string().max(600).describe('Account of twelve digits, or the ARN that the sensor runs as'),
          externalId: z
            .string()
            .regex(/^[\w+=,.@:/-]{2,1224}$/)
            .optional()
            .describe('A fresh one when missing'),
        }),
        response: { 200: awsRoleSchema, ...problems },
      },
    },
    async request => ({ ...describeAwsRole(request.body) }),
  );
}

function present(product: Awaited<ReturnType<typeof getProduct>>) {
  const { type, label, credentialKinds, addressHint, credentialHelp, everything, requiresTags, capabilities } = product;
  return {
    type,
    label,
    credentialKinds: [...credentialKinds],
    addressHint,
    credentialHelp,
    everything,
    requiresTags,
    capabilities: { ...capabilities },
  };
}
