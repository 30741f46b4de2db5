/** Projects: read, made, changed. */
import { z } from 'zod';
import type { Caller } from '#access/caller.ts';
import { hasRole } from '#access/principal.ts';
import { changeProject, createProject, getProject, listProjects } from '#project/manage-project.ts';
import type { ProjectContext } from '#project/project-context.ts';
import { fieldError } from '#project/situation.ts';
import { listNamespaces } from '#store/namespace.ts';
import { findNamespaceOfOrganisation } from '#store/project-organisation.ts';
import { answerList, project as projected, readListQuery, readProjection } from './list-answer.ts';
import { PROJECT_FIELDS, readBody, readProjectBody, toWireProject } from './project-shape.ts';
import { PyxisError } from './pyxis-error.ts';
import type { PyxisRoute } from './route-table.ts';

/** More than any organisation has. */
const MAX_PROJECTS = 5000;

export const PROJECT_ROUTES: readonly PyxisRoute[] = [
  {
    method: 'GET',
    path: 'v1/projects/certification',
    handle: async ({ context, caller, query }) => {
      const wanted = readListQuery(query, PROJECT_FIELDS);
      const projects = await listProjects(context, caller, { limit: MAX_PROJECTS });
      return { status: 200, body: answerList(projects.map(toWireProject), wanted) };
    },
  },
  {
    method: 'POST',
    path: 'v1/projects/certification',
    handle: async ({ context, caller, body }) => {
      const change = readProjectBody(body);
      const namespaceId = await findHome(context, caller, body);
      const { certificationStatus, name, ...rest } = change;
      if (name === undefined) throw new PyxisError(400, { name: ['is missing'] });
      if (certificationStatus !== undefined && certificationStatus !== 'Started') {
        throw fieldError('certificationStatus', 'of a new project is Started');
      }
      const made = await createProject(context, caller, { namespaceId, change: { ...rest, name } });
      return { status: 201, body: toWireProject(made) };
    },
  },
  {
    method: 'GET',
    path: 'v1/projects/certification/id/:id',
    handle: async ({ context, caller, params, query }) => {
      const found = await getProject(context, caller, { id: params['id'] ?? '' });
      return { status: 200, body: projected(toWireProject(found), readProjection(query)) };
    },
  },
  {
    method: 'GET',
    path: 'v1/projects/certification/pid/:pid',
    handle: async ({ context, caller, params, query }) => {
      const found = await getProject(context, caller, { pid: params['pid'] ?? '' });
      return { status: 200, body: projected(toWireProject(found), readProjection(query)) };
    },
  },
  {
    method: 'PATCH',
    path: 'v1/projects/certification/id/:id',
    handle: async ({ context, caller, params, body }) => {
      const changed = await changeProject(context, caller, params['id'] ?? '', { change: readProjectBody(body) });
      return { status: 200, body: toWireProject(changed) };
    },
  },
];

const orgSchema = z.looseObject({ org_id: z.number().int().nullish() });

/** The namespace that a new project belongs to: the one that is named, or the only one that the key may make projects in. */
async function findHome(context: ProjectContext, { principal }: Caller, body: unknown): Promise<string> {
  const { org_id } = readBody(orgSchema, body);
  const { db } = context.store;
  if (org_id !== undefined && org_id !== null) {
    const named = await findNamespaceOfOrganisation(db, org_id);
    if (named === undefined || !hasRole(principal, 'viewer', named)) {
      throw new PyxisError(400, { org_id: ['is no organisation, or none that this key is of'] });
    }
    return named;
  }
  const ids =
    principal.everywhere === undefined
      ? [...principal.namespaces].filter(([id]) => hasRole(principal, 'operator', id)).map(([id]) => id)
      : (await listNamespaces(db, { limit: 2 })).map(({ id }) => id);
  const [only] = ids;
  if (ids.length === 1 && only !== undefined) return only;
  throw new PyxisError(
    400,
    ids.length === 0
      ? 'Cannot create the project: this key may make projects in no organisation; it needs the role operator'
      : 'Cannot create the project: this key is of several organisations; name one as org_id, or use a key of one namespace',
  );
}
