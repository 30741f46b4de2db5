/** A scan job: its settings, what can be done with it, and its runs. */
import { Divider, Dropdown, DropdownItem, DropdownList, MenuToggle, PageSection, Title } from '@patternfly/react-core';
import type { IAction } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import type { Registry, Schedule } from '../api/model.ts';
import { PageAnswer } from '../feedback/page-answer.tsx';
import { registryQuery } from '../registry/registry-queries.ts';
import { RunsTable } from '../run/runs-table.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { useJobActions } from './job-actions.ts';
import { jobQuery } from './job-queries.ts';
import { SettingsSummary } from './settings-summary.tsx';
import { StateLabel } from './state-label.tsx';

export function JobPage() {
  const { scheduleId = '' } = useParams();
  const job = useQuery(jobQuery(scheduleId));
  return (
    <PageAnswer of={job} what="the scan job">
      {found => <WithRegistry job={found} />}
    </PageAnswer>
  );
}

function WithRegistry({ job }: { readonly job: Schedule }) {
  const registry = useQuery(registryQuery(job.registryId));
  return (
    <PageAnswer of={registry} what="the registry">
      {found => <Shown job={job} registry={found} />}
    </PageAnswer>
  );
}

function Shown({ job, registry }: { readonly job: Schedule; readonly registry: Registry }) {
  const navigate = useNavigate();
  const actions = useJobActions(registry.namespaceId, () => void navigate(`/registries/${registry.id}/jobs`))(job);
  return (
    <>
      <PageHeader
        title={job.name}
        crumbs={[
          { title: 'Registries', to: '/registries' },
          { title: registry.name, to: `/registries/${registry.id}/jobs` },
        ]}
        labels={<StateLabel item={job} />}
        actions={<ActionMenu items={actions} />}
      />
      <PageSection>
        <SettingsSummary job={job} />
      </PageSection>
      <PageSection>
        <Title headingLevel="h2">Runs</Title>
        <RunsTable schedule={job.id} />
      </PageSection>
    </>
  );
}

/** The same entries as in a row of a table, as a menu of a page. */
export function ActionMenu({ items }: { readonly items: readonly IAction[] }) {
  const [isOpen, setOpen] = useState(false);
  if (items.length === 0) return null;
  return (
    <Dropdown
      isOpen={isOpen}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      popperProps={{ position: 'right' }}
      toggle={ref => (
        <MenuToggle ref={ref} isExpanded={isOpen} onClick={() => setOpen(!isOpen)}>
          Actions
        </MenuToggle>
      )}
    >
      <DropdownList>
        {items.map(({ title, onClick, isSeparator, isDanger }, place) =>
          isSeparator === true ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: there is but one
            <Divider key={place} component="li" />
          ) : (
            <DropdownItem
              key={String(title)}
              isDanger={isDanger === true}
              onClick={event => onClick?.(event as never, place, {} as never, {} as never)}
            >
              {title}
            </DropdownItem>
          ),
        )}
      </DropdownList>
    </Dropdown>
  );
}
