/** The audit log: every change that somebody asked for. */
import { ExpandableSection, TextInput, ToolbarItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { AuditEntry } from '../api/model.ts';
import { Time } from '../display/time.tsx';
import { Empty } from '../feedback/answer.tsx';
import { useNamespaceView } from '../shell/namespace.ts';
import { NamespaceLabel } from '../shell/namespace-label.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { useListView } from '../table/use-list-view.ts';
import { auditQuery } from './settings-queries.ts';

const FILTERS = ['action'];

const COLUMNS: readonly Column<AuditEntry>[] = [
  { title: 'When', render: ({ at }) => <Time at={at} /> },
  {
    title: 'Who',
    render: ({ actor, remoteAddress }) => (
      <div className="plimsoll-name">
        {actor.name}
        {actor.apiKeyId !== null && ' by an API key'}
        <div className="plimsoll-quiet">{remoteAddress}</div>
      </div>
    ),
  },
  { title: 'Did', render: ({ action }) => <code>{action}</code> },
  {
    title: 'To',
    width: 40,
    render: ({ subjectKind, subjectId, detail, requestId }) => (
      <div className="plimsoll-name">
        {typeof detail['name'] === 'string' ? `${subjectKind} ${detail['name']}` : `${subjectKind} ${subjectId}`}
        <ExpandableSection toggleText="Details" isIndented>
          <pre className="plimsoll-pre">{JSON.stringify({ ...detail, id: subjectId, requestId }, null, 2)}</pre>
        </ExpandableSection>
      </div>
    ),
  },
];

export function AuditLog() {
  const view = useListView({ filters: FILTERS });
  const { namespace = '', where } = useNamespaceView();
  const action = view.filters['action']?.[0] ?? '';
  const entries = useQuery(auditQuery({ cursor: view.cursor, action, namespace }));
  const [text, setText] = useState(action);
  const apply = () => view.change({ filters: { action: text.trim() === '' ? [] : [text.trim()] } });
  return (
    <DataTable
      what="changes"
      query={entries}
      view={view}
      columns={COLUMNS}
      keyOf={({ id }) => String(id)}
      toolbar={
        <>
          <ToolbarItem>
            <TextInput
              aria-label="Action"
              placeholder="Action: registry.create"
              value={text}
              onChange={(_, value) => setText(value)}
              onBlur={apply}
              onKeyDown={event => event.key === 'Enter' && apply()}
            />
          </ToolbarItem>
          <ToolbarItem alignSelf="center">
            <NamespaceLabel />
          </ToolbarItem>
        </>
      }
      empty={<Empty title={action === '' ? `Nothing has been changed${where} yet` : `No such change${where}`} />}
    />
  );
}
