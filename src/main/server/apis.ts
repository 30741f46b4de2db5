/** All APIs of the server, in the one order in which their routes are looked through. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openBuilderPort } from '#build/server-builder-port.ts';
import { builderPortRoutes } from '#http/builder/routes.ts';
import { clairRoutes } from '#http/clair/routes.ts';
import { harborRoutes } from '#http/harbor/routes.ts';
import { accessRoutes } from '#http/native/access/routes.ts';
import { buildRoutes } from '#http/native/build/build-routes.ts';
import { builderRoutes } from '#http/native/build/builder-routes.ts';
import { databaseRoutes } from '#http/native/database/routes.ts';
import type { EventFeed } from '#http/native/event/event-feed.ts';
import { eventRoutes } from '#http/native/event/routes.ts';
import { hostingRoutes } from '#http/native/hosting/routes.ts';
import { checkRoutes } from '#http/native/image/check-routes.ts';
import { imagePackageRoutes } from '#http/native/image/image-package-routes.ts';
import { imageRoutes } from '#http/native/image/image-routes.ts';
import { reportRoutes } from '#http/native/image/report-routes.ts';
import { runRoutes } from '#http/native/job/run-routes.ts';
import { scheduleRoutes } from '#http/native/job/schedule-routes.ts';
import { overviewRoutes } from '#http/native/overview/routes.ts';
import { catalogRoutes } from '#http/native/project/catalog-routes.ts';
import { projectImageRoutes } from '#http/native/project/image-routes.ts';
import { projectRoutes } from '#http/native/project/project-routes.ts';
import { productRoutes } from '#http/native/registry/product-routes.ts';
import { pushHookRoutes } from '#http/native/registry/push-hook-routes.ts';
import { registryRoutes } from '#http/native/registry/registry-routes.ts';
import { repositoryRoutes } from '#http/native/registry/repository-routes.ts';
import { sensorRoutes } from '#http/native/sensor/routes.ts';
import { waiverRoutes } from '#http/native/waiver/routes.ts';
import { webhookRoutes } from '#http/native/webhook/routes.ts';
import { pyxisRoutes } from '#http/pyxis/routes.ts';
import { quayRoutes } from '#http/quay/routes.ts';
import { sensorPortRoutes } from '#http/sensor/routes.ts';
import type { Api } from '#http/server.ts';
import type { Site } from '#http/session-cookie.ts';
import { webRoutes } from '#http/web/routes.ts';
import type { ProjectContext } from '#project/project-context.ts';
import type { ClairContext } from '#scan/clair/clair-context.ts';
import type { ContentContext } from '#scan/content/content-context.ts';
import type { ProbeWorld } from '#scan/job/test-draft.ts';
import { openServerPort, type ServerPortContext } from '#scan/task/server-port.ts';
import type { ServerContext } from '#store/context.ts';
import type { BuildParts } from './builds.ts';

/** What the APIs are made from. */
export interface ServerParts {
  readonly context: ServerContext;
  readonly content: ContentContext;
  readonly jobs: ServerPortContext;
  readonly projects: ProjectContext;
  readonly builds: BuildParts;
  /** Missing: off. */
  readonly clair?: { readonly context: ClairContext; readonly key: Uint8Array | undefined } | undefined;
  readonly feed: EventFeed;
}

/** Every API. */
export function listApis(
  { context, content, jobs, projects, builds, feed, clair }: ServerParts,
  options: {
    readonly site: Site;
    readonly webFolder: string;
    readonly version: string;
    readonly hasMail: boolean;
    /** How this server itself reaches registries. */
    readonly probing: ProbeWorld;
  },
): readonly Api[] {
  return [
    accessRoutes(context, options.site),
    eventRoutes(context, feed),
    overviewRoutes(context),
    productRoutes,
    pushHookRoutes(jobs, options.site),
    registryRoutes(jobs, options.probing),
    repositoryRoutes(context),
    imageRoutes(content),
    checkRoutes(projects),
    imagePackageRoutes(content),
    reportRoutes(content, options.version),
    waiverRoutes(context),
    databaseRoutes(content, options.version),
    quayRoutes(context),
    projectRoutes(projects),
    projectImageRoutes(projects),
    catalogRoutes(projects, options.version),
    hostingRoutes(context),
    harborRoutes(projects, options.version),
    ...(clair === undefined ? [] : [clairRoutes(clair.context, clair.key)]),
    buildRoutes(builds.context, builds.look),
    builderRoutes(context, builds.builtInOff),
    builderPortRoutes({
      server: context,
      openPort: (builder, registryUrl) => openBuilderPort(builds.context, { builder, registryUrl }),
      publicUrl: options.site.publicUrl,
    }),
    pyxisRoutes(projects),
    scheduleRoutes(jobs),
    runRoutes(context, feed),
    sensorRoutes(context, { ...options.site, version: options.version }),
    sensorPortRoutes({ server: context, openPort: ({ id }) => openServerPort(jobs, id) }),
    webhookRoutes(context, { hasMail: options.hasMail }),
    webRoutes(options.webFolder),
  ];
}

/** Where the web interface was built to: beside the sources, or in the package. */
export function findWebFolder(): string {
  const inCheckout = fileURLToPath(new URL('../../../web/dist', import.meta.url));
  const inPackage = fileURLToPath(new URL('../../web', import.meta.url));
  return existsSync(inPackage) ? inPackage : inCheckout;
}
