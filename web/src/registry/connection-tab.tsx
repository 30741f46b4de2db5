/** Whether the registry can be read: the last test, and another one. */
import { ActionGroup, Alert, Button, Form, Spinner, Stack } from '@patternfly/react-core';
import { useState } from 'react';
import { api, bodyOf } from '../api/client.ts';
import type { Registry } from '../api/model.ts';
import { Time } from '../display/time.tsx';
import { Empty } from '../feedback/answer.tsx';
import { useChange } from '../feedback/use-change.ts';
import { TextField } from '../form/fields.tsx';
import { FormFailure } from '../form/form-failure.tsx';
import { useRole } from '../session/session.tsx';
import { ByHand } from './by-hand.tsx';
import { readProbe } from './probe-step.ts';
import { ProbeTrace } from './probe-trace.tsx';

export function ConnectionTab({ registry }: { readonly registry: Registry }) {
  const mayTest = useRole('operator', registry.namespaceId);
  const mayChange = useRole('admin', registry.namespaceId);
  const [repository, setRepository] = useState('');
  const params = { path: { registryId: registry.id } };
  const test = useChange({
    call: async () =>
      await bodyOf(
        api.POST('/api/v1/registries/{registryId}/test', {
          params,
          body: repository.trim() === '' ? {} : { repository: repository.trim() },
        }),
      ),
    stale: ['registries'],
    failed: false,
  });
  const trust = useChange({
    call: async (caPem: string) => {
      const { tls = {} } = registry.settings as { tls?: object };
      return await bodyOf(api.PATCH('/api/v1/registries/{registryId}', { params, body: { tls: { ...tls, caPem } } }));
    },
    stale: ['registries'],
    done: 'The certificate is trusted for this registry',
    failed: 'The certificate was not kept',
    onDone: () => test.mutate(undefined),
  });
  const probe = test.data === undefined ? readProbe(registry.lastProbe) : readProbe(test.data);
  return (
    <Stack hasGutter>
      {mayTest && (
        <Form
          isWidthLimited
          onSubmit={event => {
            event.preventDefault();
            test.mutate(undefined);
          }}
        >
          <FormFailure error={test.error} title="The connection could not be tested" />
          <TextField
            label="Repository to look into"
            value={repository}
            onChange={setRepository}
            help="The first of the list when empty; needed where the registry does not list its repositories."
          />
          <ActionGroup>
            <Button type="submit" isLoading={test.isPending} isDisabled={test.isPending}>
              Test the connection
            </Button>
          </ActionGroup>
        </Form>
      )}
      <div aria-live="polite">
        {test.isPending ? (
          <>
            <Spinner size="md" aria-label="Testing" /> A sensor tests the connection; this takes up to a minute.
          </>
        ) : (
          probe !== undefined && (
            <Alert
              variant={probe.isOk ? 'success' : 'danger'}
              isInline
              title={probe.isOk ? 'The registry can be read' : 'The registry cannot be read'}
            >
              Tested <Time at={probe.at} isRelative />
            </Alert>
          )
        )}
      </div>
      {probe === undefined && !test.isPending && (
        <Empty title="The connection has not been tested">
          A test asks the registry step by step, and says what to do about what fails.
        </Empty>
      )}
      {probe !== undefined && !test.isPending && (
        <ProbeTrace steps={probe.steps} onTrust={mayChange ? pem => trust.mutate(pem) : undefined} />
      )}
      <ByHand address={registry.url} repository={repository.trim()} />
    </Stack>
  );
}
