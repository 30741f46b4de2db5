/** Test results and artifacts. */
import { getProject } from '#project/manage-project.ts';
import { getResult, keepArtifact, linkResult, readArtifact, reportResult } from '#project/results.ts';
import { findProject } from '#store/project.ts';
import { listArtifacts, listTestResults } from '#store/project-result.ts';
import { answerList, project as projected, readListQuery, readProjection, wantedValue } from './list-answer.ts';
import { PyxisError } from './pyxis-error.ts';
import {
  ARTIFACT_FIELDS,
  RESULT_FIELDS,
  readArtifactBody,
  readResultBody,
  toWireArtifact,
  toWireResult,
} from './result-shape.ts';
import type { PyxisRoute } from './route-table.ts';

const MAX_ROWS = 2000;

export const ARTIFACT_ROUTES: readonly PyxisRoute[] = [
  {
    method: 'POST',
    path: 'v1/projects/certification/id/:id/test-results',
    handle: async ({ context, caller, params, body }) => {
      const project = await getProject(context, caller, { id: params['id'] ?? '' });
      const result = await reportResult(context, caller, project, readResultBody(body));
      return { status: 201, body: toWireResult(result, project) };
    },
  },
  {
    method: 'GET',
    path: 'v1/projects/certification/id/:id/test-results',
    handle: async ({ context, caller, params, query }) => {
      const wanted = readListQuery(query, RESULT_FIELDS);
      const project = await getProject(context, caller, { id: params['id'] ?? '' });
      const imageId = wantedValue(wanted.filter, 'image_id');
      const results = await listTestResults(context.store.db, { projectId: project.id, imageId, limit: MAX_ROWS });
      const documents = results.toReversed().map(result => toWireResult(result, project));
      return { status: 200, body: answerList(documents, wanted) };
    },
  },
  {
    method: 'GET',
    path: 'v1/projects/certification/test-results/id/:resultId',
    handle: async ({ context, caller, params, query }) => {
      const { result, project } = await getResult(context, caller, params['resultId'] ?? '');
      return { status: 200, body: projected(toWireResult(result, project), readProjection(query)) };
    },
  },
  {
    method: 'PATCH',
    path: 'v1/projects/certification/test-results/id/:resultId',
    handle: async ({ context, caller, params, body }) => {
      const { isPassed, document, imageId } = readResultBody(body);
      const change = { isPassed, document, imageId };
      const linked = await linkResult(context, caller, params['resultId'] ?? '', change);
      const { project } = await getResult(context, caller, linked.id);
      return { status: 200, body: toWireResult(linked, project) };
    },
  },
  {
    method: 'POST',
    path: 'v1/projects/certification/id/:id/artifacts',
    handle: async ({ context, caller, params, body }) => {
      const project = await getProject(context, caller, { id: params['id'] ?? '' });
      const artifact = await keepArtifact(context, caller, project, readArtifactBody(body));
      return { status: 201, body: toWireArtifact(artifact, project) };
    },
  },
  {
    method: 'GET',
    path: 'v1/projects/certification/id/:id/artifacts',
    handle: async ({ context, caller, params, query }) => {
      const wanted = readListQuery(query, ARTIFACT_FIELDS);
      const project = await getProject(context, caller, { id: params['id'] ?? '' });
      const imageId = wantedValue(wanted.filter, 'image_id');
      const artifacts = await listArtifacts(context.store.db, { projectId: project.id, imageId, limit: MAX_ROWS });
      const documents = artifacts.toReversed().map(artifact => toWireArtifact(artifact, project));
      return { status: 200, body: answerList(documents, wanted) };
    },
  },
  {
    method: 'GET',
    path: 'v1/projects/certification/artifacts/id/:artifactId',
    handle: async ({ context, caller, params, query }) => {
      const { content, ...artifact } = await readArtifact(context, caller, params['artifactId'] ?? '');
      const project = await findProject(context.store.db, { id: artifact.projectId });
      if (project === undefined) throw new PyxisError(404, 'There is no such artifact');
      return { status: 200, body: projected(toWireArtifact(artifact, project, content), readProjection(query)) };
    },
  },
];
