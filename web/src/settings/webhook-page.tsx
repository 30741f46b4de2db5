/** One webhook: what was sent to it, and what came of it. */
import { Button, Label, Modal, ModalBody, ModalFooter, ModalHeader, PageSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams } from 'react-router';
import { api } from '../api/client.ts';
import type { Webhook, WebhookDelivery } from '../api/model.ts';
import { CopyBlock } from '../display/copy.tsx';
import { formatSpan } from '../display/format-time.ts';
import { Time } from '../display/time.tsx';
import { Empty } from '../feedback/answer.tsx';
import { PageAnswer } from '../feedback/page-answer.tsx';
import { useChange } from '../feedback/use-change.ts';
import { PageHeader } from '../shell/page-header.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { useListView } from '../table/use-list-view.ts';
import { deliveriesQuery, webhookQuery } from './settings-queries.ts';

const STATES = {
  pending: ['On its way', 'info'],
  delivered: ['Delivered', 'success'],
  failed: ['Failed', 'danger'],
} as const;

export function WebhookPage() {
  const { webhookId = '' } = useParams();
  const webhook = useQuery(webhookQuery(webhookId));
  return (
    <PageAnswer of={webhook} what="the webhook">
      {found => <Shown webhook={found} />}
    </PageAnswer>
  );
}

function Shown({ webhook }: { readonly webhook: Webhook }) {
  const view = useListView();
  const deliveries = useQuery(deliveriesQuery(webhook.id, view.cursor));
  const [shown, setShown] = useState<WebhookDelivery>();
  const again = useChange({
    call: async ({ id }: WebhookDelivery) =>
      await api.POST('/api/v1/webhooks/{webhookId}/deliveries/{deliveryId}/redeliver', {
        params: { path: { webhookId: webhook.id, deliveryId: id } },
      }),
    stale: ['webhooks'],
    done: 'It is sent again',
    failed: 'It was not sent again',
  });
  const columns: readonly Column<WebhookDelivery>[] = [
    { title: 'Made', render: ({ createdAt }) => <Time at={createdAt} /> },
    { title: 'Event', render: ({ kind }) => kind },
    {
      title: 'State',
      render: ({ state }) => (
        <Label variant="outline" status={STATES[state][1]}>
          {STATES[state][0]}
        </Label>
      ),
    },
    {
      title: 'Answer',
      width: 30,
      render: ({ lastStatus, lastError, lastDurationMs }) => (
        <span className="plimsoll-name">
          {[lastStatus ?? '', lastError ?? '', lastDurationMs === null ? '' : formatSpan(lastDurationMs)]
            .filter(part => part !== '')
            .join(' · ')}
        </span>
      ),
    },
    { title: 'Attempts', render: ({ attempts }) => attempts },
    { title: 'Next attempt', render: ({ nextAttemptAt }) => <Time at={nextAttemptAt} isRelative /> },
  ];
  return (
    <>
      <PageHeader
        title={webhook.name}
        crumbs={[
          { title: 'Settings', to: '/settings' },
          { title: 'Webhooks', to: '/settings/webhooks' },
        ]}
      >
        <span className="plimsoll-name">{webhook.url}</span>
      </PageHeader>
      <PageSection>
        <DataTable
          what="deliveries"
          query={deliveries}
          view={view}
          columns={columns}
          keyOf={({ id }) => id}
          nameOf={({ kind }) => kind}
          actions={delivery => [
            { title: 'Show what was sent', onClick: () => setShown(delivery) },
            { title: 'Send again', onClick: () => again.mutate(delivery) },
          ]}
          empty={<Empty title="Nothing has been sent yet">Deliveries are listed here, the latest first.</Empty>}
        />
      </PageSection>
      {shown !== undefined && (
        <Modal isOpen variant="medium" onClose={() => setShown(undefined)} aria-labelledby="delivery-title">
          <ModalHeader title={`What was sent: ${shown.kind}`} labelId="delivery-title" />
          <ModalBody>
            <CopyBlock text={pretty(shown.body)} what="the body" />
          </ModalBody>
          <ModalFooter>
            <Button onClick={() => setShown(undefined)}>Close</Button>
          </ModalFooter>
        </Modal>
      )}
    </>
  );
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
