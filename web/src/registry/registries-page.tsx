/** Assets > Registries: every registry with its totals and its health. */
import { Button, PageSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from 'react-router';
import type { Registry } from '../api/model.ts';
import { formatCount } from '../display/format-number.ts';
import { Time } from '../display/time.tsx';
import { Empty } from '../feedback/answer.tsx';
import { useRole } from '../session/session.tsx';
import { useNamespaceView } from '../shell/namespace.ts';
import { NamespaceLabel } from '../shell/namespace-label.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { useListView } from '../table/use-list-view.ts';
import { HealthLabel } from './health-label.tsx';
import { isHosted, useProductLabel } from './product-label.ts';
import { registriesQuery } from './registry-queries.ts';
import { VulnerableImages } from './totals.tsx';

export function RegistriesPage() {
  const view = useListView();
  const { namespace, where } = useNamespaceView();
  const registries = useQuery(registriesQuery({ namespace, cursor: view.cursor }));
  const navigate = useNavigate();
  const mayAdd = useRole('admin', 'anywhere');
  const labelOf = useProductLabel();
  const add = (
    <Button variant="primary" onClick={() => void navigate('/registries/new')}>
      New registry
    </Button>
  );
  const columns: readonly Column<Registry>[] = [
    {
      title: 'Name',
      width: 25,
      render: ({ id, name, host }) => (
        <div className="plimsoll-name">
          <Link to={`/registries/${id}`}>{name}</Link>
          <div className="plimsoll-quiet">{host}</div>
        </div>
      ),
    },
    { title: 'Product', render: labelOf },
    {
      title: 'Health',
      // What is within the server is not connected to.
      render: registry =>
        isHosted(registry) ? (
          <span className="plimsoll-quiet">–</span>
        ) : (
          <HealthLabel health={registry.health} detail={registry.healthDetail} />
        ),
    },
    { title: 'Images', render: ({ totals }) => <span className="plimsoll-numbers">{formatCount(totals.images)}</span> },
    { title: 'Vulnerable images', width: 30, render: ({ totals }) => <VulnerableImages totals={totals} /> },
    { title: 'Last scan', render: ({ totals }) => <Time at={totals.lastScannedAt} isRelative missing="Never" /> },
  ];
  return (
    <>
      <PageHeader title="Registries" labels={<NamespaceLabel />} actions={mayAdd ? add : undefined}>
        Where images come from. Plimsoll only reads there.
      </PageHeader>
      <PageSection>
        <DataTable
          what="registries"
          query={registries}
          view={view}
          columns={columns}
          keyOf={({ id }) => id}
          empty={
            <Empty title={`No registry is connected${where}`} action={mayAdd ? add : undefined}>
              {mayAdd
                ? 'Connect one, say what to scan, and watch the first results come in.'
                : 'Whoever administers a namespace can connect one.'}
            </Empty>
          }
        />
      </PageSection>
    </>
  );
}
