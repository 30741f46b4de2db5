/** What was asked for, newest first, with what came of it. */
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Project, ProjectRequest } from '../api/model.ts';
import { shortDigest } from '../display/digest.tsx';
import { Time } from '../display/time.tsx';
import { Empty } from '../feedback/answer.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { useListView } from '../table/use-list-view.ts';
import { requestsQuery } from './project-queries.ts';
import { RequestLabel, requestTitle } from './state-labels.tsx';

export function RequestsTab({ project }: { readonly project: Project }) {
  const view = useListView();
  const requests = useQuery(requestsQuery(project.id, { cursor: view.cursor }));
  const columns: readonly Column<ProjectRequest>[] = [
    { title: 'Request', render: requestTitle },
    { title: 'Of', width: 30, render: request => <Subject request={request} project={project} /> },
    { title: 'State', render: request => <RequestLabel request={request} /> },
    {
      title: 'What came of it',
      width: 40,
      render: ({ statusMessage, overrideReason, warnings }) => (
        <div className="plimsoll-name">
          {[statusMessage, ...warnings.map(({ message }) => message)].map(
            text => text !== null && <p key={text}>{text}.</p>,
          )}
          {overrideReason !== null && <p className="plimsoll-quiet">Despite what stood against it: {overrideReason}</p>}
        </div>
      ),
    },
    { title: 'Asked', render: ({ createdAt }) => <Time at={createdAt} isRelative /> },
  ];
  return (
    <DataTable
      what="requests"
      query={requests}
      view={view}
      columns={columns}
      keyOf={({ id }) => id}
      empty={<Empty title="Nothing was asked for">Scans, publishing and the like are listed here.</Empty>}
    />
  );
}

function Subject({ request, project }: { readonly request: ProjectRequest; readonly project: Project }) {
  const { pullSpec, tag, imageId, listDigest } = request;
  if (pullSpec !== null) {
    return (
      <div className="plimsoll-name">
        {pullSpec}
        {tag !== null && <div className="plimsoll-quiet">as {tag}</div>}
      </div>
    );
  }
  if (imageId !== null) return <Link to={`/projects/${project.id}/images/${imageId}`}>Image {imageId}</Link>;
  return <code>{listDigest === null ? '' : shortDigest(listDigest)}</code>;
}
