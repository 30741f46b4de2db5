/** A new scan job of a registry, or other settings of an Automatic one. */
import {
  ActionList,
  ActionListItem,
  Alert,
  Button,
  List,
  ListItem,
  PageSection,
  Stack,
  StackItem,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useParams, useSearchParams } from 'react-router';
import { api, bodyOf } from '../api/client.ts';
import type { Registry, RegistryProduct, Schedule, ScheduleSettings } from '../api/model.ts';
import { PageAnswer } from '../feedback/page-answer.tsx';
import { useToasts } from '../feedback/toasts.tsx';
import { useChange } from '../feedback/use-change.ts';
import { productsQuery, registryQuery } from '../registry/registry-queries.ts';
import { WizardSteps } from '../registry/wizard-steps.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { newJob, toDraft, toSettings } from './job-draft.ts';
import { JobForm } from './job-form.tsx';
import { jobQuery } from './job-queries.ts';

/** `/registries/:registryId/jobs/new`. */
export function NewJobPage() {
  const { registryId = '' } = useParams();
  const registry = useQuery(registryQuery(registryId));
  const products = useQuery(productsQuery);
  return (
    <PageAnswer of={registry} what="the registry">
      {found => (
        <PageAnswer of={products} what="products">
          {list => <Editor registry={found} product={productOf(list, found)} />}
        </PageAnswer>
      )}
    </PageAnswer>
  );
}

/** `/jobs/:scheduleId/edit`. */
export function EditJobPage() {
  const { scheduleId = '' } = useParams();
  const job = useQuery(jobQuery(scheduleId));
  return (
    <PageAnswer of={job} what="the scan job">
      {found => <EditOf job={found} />}
    </PageAnswer>
  );
}

function EditOf({ job }: { readonly job: Schedule }) {
  const registry = useQuery(registryQuery(job.registryId));
  const products = useQuery(productsQuery);
  return (
    <PageAnswer of={registry} what="the registry">
      {found => (
        <PageAnswer of={products} what="products">
          {list => <Editor registry={found} product={productOf(list, found)} job={job} />}
        </PageAnswer>
      )}
    </PageAnswer>
  );
}

function Editor({
  registry,
  product,
  job,
}: {
  readonly registry: Registry;
  readonly product: RegistryProduct;
  readonly job?: Schedule;
}) {
  const [params] = useSearchParams();
  const isFirst = params.has('first');
  const navigate = useNavigate();
  const toasts = useToasts();
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const [draft, setDraft] = useState(() =>
    job === undefined
      ? newJob(product, { name: isFirst ? 'First scan' : '', timezone })
      : toDraft(job.settings as unknown as ScheduleSettings),
  );
  const save = useChange({
    call: async () => {
      const body = toSettings(draft);
      const call =
        job === undefined
          ? api.POST('/api/v1/registries/{registryId}/schedules', {
              params: { path: { registryId: registry.id } },
              body,
            })
          : api.PUT('/api/v1/schedules/{scheduleId}', {
              params: { path: { scheduleId: job.id } },
              headers: { 'if-match': `"r${job.revision}"` },
              body,
            });
      return await bodyOf<{ schedule: Schedule; warnings: unknown[] }>(call);
    },
    stale: ['schedules', 'runs', 'registries'],
    failed: false,
    onDone: ({ schedule }) => {
      toasts.say(`Scan job "${schedule.name}" is saved`);
      void navigate(`/jobs/${schedule.id}`);
    },
  });
  const effect = useChange({
    call: async () =>
      await bodyOf(
        api.POST('/api/v1/schedules/{scheduleId}/preview-update', {
          params: { path: { scheduleId: job?.id ?? '' } },
          body: toSettings(draft),
        }),
      ),
    stale: [],
    failed: false,
  });
  const back = job === undefined ? `/registries/${registry.id}/jobs` : `/jobs/${job.id}`;
  return (
    <>
      <PageHeader
        title={job === undefined ? 'New scan job' : `Settings of ${job.name}`}
        crumbs={[
          { title: 'Registries', to: '/registries' },
          { title: registry.name, to: `/registries/${registry.id}` },
          ...(job === undefined ? [] : [{ title: job.name, to: `/jobs/${job.id}` }]),
        ]}
      >
        Which images of {registry.name} are scanned, and when.
      </PageHeader>
      <PageSection>
        <Stack hasGutter>
          {isFirst && <WizardSteps now="scan" />}
          <StackItem>
            <JobForm
              draft={draft}
              onChange={next => {
                setDraft(next);
                effect.reset();
                save.reset();
              }}
              registry={registry}
              product={product}
              isNew={job === undefined}
              error={save.error ?? effect.error}
            />
          </StackItem>
          {effect.data !== undefined && (
            <Alert
              variant="info"
              isInline
              title={effect.data.bumpsVersion ? 'This changes what is selected' : 'This changes when and how, not what'}
            >
              <List>
                {effect.data.effects.map(sentence => (
                  <ListItem key={sentence}>{sentence}</ListItem>
                ))}
                {effect.data.addedRepositories.length > 0 && (
                  <ListItem>Comes in: {effect.data.addedRepositories.join(', ')}</ListItem>
                )}
                {effect.data.removedRepositories.length > 0 && (
                  <ListItem>Goes: {effect.data.removedRepositories.join(', ')}</ListItem>
                )}
              </List>
            </Alert>
          )}
          <ActionList>
            <ActionListItem>
              <Button
                isLoading={save.isPending}
                isDisabled={save.isPending || draft.name.trim() === ''}
                onClick={() => save.mutate(undefined)}
              >
                {job !== undefined ? 'Save' : draft.scanType === 'OnDemand' ? 'Save and scan now' : 'Save'}
              </Button>
            </ActionListItem>
            {job !== undefined && (
              <ActionListItem>
                <Button variant="secondary" isLoading={effect.isPending} onClick={() => effect.mutate(undefined)}>
                  What this would mean
                </Button>
              </ActionListItem>
            )}
            <ActionListItem>
              <Button variant="link" onClick={() => void navigate(back)}>
                {isFirst ? 'Later' : 'Leave'}
              </Button>
            </ActionListItem>
          </ActionList>
        </Stack>
      </PageSection>
    </>
  );
}

function productOf(products: readonly RegistryProduct[], registry: Registry): RegistryProduct {
  // A hosted registry speaks the plain protocol.
  const found =
    products.find(({ type }) => type === registry.type) ?? products.find(({ type }) => type === 'docker-v2');
  if (found === undefined) throw new Error(`There is no product ${registry.type}`);
  return found;
}
