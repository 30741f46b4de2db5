/**
 * Who may use the server: all routes of access.
 */
import type { FastifyInstance } from 'fastify';
import type { AccessContext } from '#access/caller.ts';
import type { Site } from '../../session-cookie.ts';
import { accountRoutes } from './account-routes.ts';
import { apiKeyRoutes } from './api-key-routes.ts';
import { auditRoutes } from './audit-routes.ts';
import { memberRoutes } from './member-routes.ts';
import { namespaceRoutes } from './namespace-routes.ts';
import { oidcRoutes } from './oidc-routes.ts';
import { sessionRoutes } from './session-routes.ts';

/** Adds the routes. */
export function accessRoutes(context: AccessContext, site: Site) {
  return (app: FastifyInstance): void => {
    sessionRoutes(context, site)(app);
    oidcRoutes(context, site)(app);
    accountRoutes(context)(app);
    namespaceRoutes(context)(app);
    memberRoutes(context)(app);
    apiKeyRoutes(context)(app);
    auditRoutes(context)(app);
  };
}
