/** `/api/v1/images/{digest}/checks`: what the checks of certification say of any image that was scanned, in a project or not. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { visibleNamespaces } from '#access/principal.ts';
import type { CheckResult } from '#certification/check.ts';
import { POLICY_NAMES } from '#certification/policies.ts';
import { checkImage } from '#project/check-stored.ts';
import type { ProjectContext } from '#project/project-context.ts';
import { signedIn } from '../../route-access.ts';
import { problems, typed } from '../native-route.ts';
import { shownCheckSchema } from '../project/project-schema.ts';
import { manifestFor } from './image-routes.ts';

const checksSchema = z
  .object({
    policy: z.enum(POLICY_NAMES),
    policyReason: z.string().nullable().describe('Why it is this one; null when it was asked for'),
    isPassed: z.boolean(),
    results: z.array(shownCheckSchema).describe('Those that block first'),
  })
  .meta({ id: 'ImageChecks' });

/** Adds the route. */
export function checkRoutes(context: ProjectContext) {
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    app.get(
      '/api/v1/images/:digest/checks',
      {
        config: { access: 'signed-in' as const },
        schema: {
          tags: ['images'],
          summary: 'Check an image against a policy, as certification does',
          description:
            'Runs on what was stored when the image was scanned: nothing is pulled, nothing is kept. An image that was read by parts knows too little of its files: scan it once more with `isDeep`.',
          params: z.object({ digest: z.string().regex(/^sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/, 'a digest') }),
          querystring: z.object({
            policy: z.enum(POLICY_NAMES).optional().describe('Guessed from what is in the image when missing'),
          }),
          response: { 200: checksSchema, ...problems },
        },
      },
      async request => {
        const { id, digest, architecture } = await manifestFor(request, context.store.db, request.params.digest);
        const namespaceIds = visibleNamespaces(signedIn(request));
        const { policyReason, results, ...checks } = await checkImage(
          context,
          { id, digest, architecture: architecture ?? undefined },
          { policy: request.query.policy, namespaceIds },
        );
        return {
          ...checks,
          policyReason: policyReason ?? null,
          results: inOrder(results).map(present),
        };
      },
    );
  };
}

/** What must be done comes first; else as the policy has it. */
function inOrder(results: readonly CheckResult[]): readonly CheckResult[] {
  const blocks = ({ outcome }: CheckResult) => outcome === 'failed' || outcome === 'error';
  return [...results.filter(blocks), ...results.filter(result => !blocks(result))];
}

function present(result: CheckResult): z.output<typeof shownCheckSchema> {
  const { name, outcome, description, summary, why, fix, found, differsFromPreflight } = result;
  return {
    ...{ name, outcome, description, summary, why, fix },
    found: found.map(({ kind, subject, detail, layer }) => ({
      kind,
      subject,
      detail: detail ?? null,
      layer: layer ?? null,
    })),
    differsFromPreflight: differsFromPreflight ?? null,
  };
}
