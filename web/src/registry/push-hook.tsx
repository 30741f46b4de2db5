/** The address where a registry tells of pushes: made, replaced and removed. Its secret is shown once. */
import { ActionGroup, Button, Card, CardBody, CardTitle, Form } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, bodyOf } from '../api/client.ts';
import type { Registry } from '../api/model.ts';
import { formatThings } from '../display/format-number.ts';
import { Time } from '../display/time.tsx';
import { Answer } from '../feedback/answer.tsx';
import { useConfirm } from '../feedback/confirm.tsx';
import { useChange } from '../feedback/use-change.ts';
import { SecretDialog } from '../form/secret-dialog.tsx';
import { pushHookQuery } from './registry-queries.ts';

export function PushHook({ registry }: { readonly registry: Registry }) {
  const hook = useQuery(pushHookQuery(registry.id));
  const [url, setUrl] = useState<string>();
  const confirm = useConfirm();
  const params = { path: { registryId: registry.id } };
  const open = useChange({
    call: async (_: undefined) => await bodyOf(api.PUT('/api/v1/registries/{registryId}/hook', { params })),
    stale: ['registries'],
    failed: 'The address was not made',
    onDone: ({ url: made }) => setUrl(made),
  });
  const close = useChange({
    call: async (_: undefined) => await api.DELETE('/api/v1/registries/{registryId}/hook', { params }),
    stale: ['registries'],
    done: 'The address is removed',
    failed: 'The address was not removed',
  });
  const replace = async () => {
    const body = 'The registry must be told the new one; what it sends to the old one is refused from now on.';
    const isSure = await confirm({
      title: `Replace the address for pushes to "${registry.name}"?`,
      body,
      action: 'Replace the address',
    });
    if (isSure) open.mutate(undefined);
  };
  const remove = async () => {
    const body = `What is pushed to "${registry.name}" is then found by its scan jobs alone.`;
    const isSure = await confirm({
      title: `Remove the address for pushes to "${registry.name}"?`,
      body,
      action: 'Remove the address',
    });
    if (isSure) close.mutate(undefined);
  };
  return (
    <Card>
      <CardTitle component="h2">Scan what is pushed</CardTitle>
      <CardBody>
        <p className="plimsoll-before">
          Give this address to the registry as a webhook, and what is pushed there is scanned at once, whatever the scan
          jobs are.
        </p>
        <Answer of={hook} what="the address">
          {known => (
            <>
              {known !== null && (
                <p className="plimsoll-before">
                  Made by {known.createdBy} <Time at={known.createdAt} isRelative />.{' '}
                  {known.lastNoticeAt === null ? (
                    'Nothing has come there yet.'
                  ) : (
                    <>
                      {formatThings(known.notices, 'notice')} came there, the last{' '}
                      <Time at={known.lastNoticeAt} isRelative />.
                    </>
                  )}
                </p>
              )}
              <Form onSubmit={event => event.preventDefault()}>
                <ActionGroup>
                  <Button
                    variant="secondary"
                    isLoading={open.isPending}
                    isDisabled={open.isPending}
                    onClick={() => (known === null ? open.mutate(undefined) : void replace())}
                  >
                    {known === null ? 'Make an address' : 'Replace the address…'}
                  </Button>
                  {known !== null && (
                    <Button variant="danger" isLoading={close.isPending} onClick={() => void remove()}>
                      Remove the address…
                    </Button>
                  )}
                </ActionGroup>
              </Form>
            </>
          )}
        </Answer>
        {url !== undefined && (
          <SecretDialog
            title="The address for pushes"
            what="the address"
            secret={url}
            onClose={() => setUrl(undefined)}
          />
        )}
      </CardBody>
    </Card>
  );
}
