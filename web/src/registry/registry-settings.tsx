/** Changing a registry, and removing it. */
import { ActionGroup, Button, Card, CardBody, CardTitle, Form, Radio, Stack } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { api, bodyOf } from '../api/client.ts';
import type { Registry, RegistryProduct } from '../api/model.ts';
import { formatThings } from '../display/format-number.ts';
import { Answer } from '../feedback/answer.tsx';
import { useConfirm } from '../feedback/confirm.tsx';
import { useChange } from '../feedback/use-change.ts';
import { FormFailure } from '../form/form-failure.tsx';
import { ConnectionForm } from './connection-form.tsx';
import { PushHook } from './push-hook.tsx';
import { draftOf, hasCredentials, toBody } from './registry-draft.ts';
import { productsQuery } from './registry-queries.ts';

export function RegistrySettings({ registry }: { readonly registry: Registry }) {
  const products = useQuery(productsQuery);
  return (
    <Answer of={products} what="products">
      {list => {
        const product = list.find(({ type }) => type === registry.type);
        return (
          <Stack hasGutter>
            {product !== undefined && <Change key={registry.revision} registry={registry} product={product} />}
            <PushHook registry={registry} />
            <Remove registry={registry} />
          </Stack>
        );
      }}
    </Answer>
  );
}

function Change({ registry, product }: { readonly registry: Registry; readonly product: RegistryProduct }) {
  const [draft, setDraft] = useState(() => draftOf(registry));
  const save = useChange({
    call: async () => {
      const {
        type: _,
        url: __,
        namespaceId: ___,
        credentials,
        labels: ____,
        maxListings: _____,
        maxScans: ______,
        ...rest
      } = toBody(draft);
      const isNewKind = draft.credentialKind !== registry.credentialKind;
      const body = { ...rest, ...(isNewKind || hasCredentials(draft) ? { credentials } : {}) };
      return await bodyOf(
        api.PATCH('/api/v1/registries/{registryId}', {
          params: { path: { registryId: registry.id } },
          headers: { 'if-match': `"r${registry.revision}"` },
          body,
        }),
      );
    },
    stale: ['registries'],
    done: 'The registry is changed',
    failed: false,
  });
  return (
    <>
      <FormFailure error={save.error} title="The registry was not changed" />
      <ConnectionForm draft={draft} product={product} onChange={setDraft} isNew={false} error={save.error} />
      <Form onSubmit={event => event.preventDefault()}>
        <ActionGroup>
          <Button onClick={() => save.mutate(undefined)} isLoading={save.isPending} isDisabled={save.isPending}>
            Save
          </Button>
        </ActionGroup>
      </Form>
    </>
  );
}

function Remove({ registry }: { readonly registry: Registry }) {
  const [images, setImages] = useState<'keep' | 'delete'>('keep');
  const confirm = useConfirm();
  const navigate = useNavigate();
  const remove = useChange({
    call: async () =>
      await api.DELETE('/api/v1/registries/{registryId}', {
        params: { path: { registryId: registry.id }, query: { images } },
      }),
    stale: ['registries', 'schedules', 'runs', 'images'],
    done: `Registry "${registry.name}" is removed`,
    failed: 'The registry was not removed',
    onDone: () => void navigate('/registries'),
  });
  const ask = async () => {
    const isSure = await confirm({
      title: `Remove the registry "${registry.name}"?`,
      body:
        images === 'keep'
          ? 'Its credentials, its scan jobs and their runs go. What is known of its images stays as history.'
          : `Its credentials, its scan jobs and their runs go, and the reports of ${formatThings(registry.totals.images, 'image')} with them. Nothing is changed in the registry itself.`,
      action: 'Remove the registry',
    });
    if (isSure) remove.mutate(undefined);
  };
  return (
    <Card>
      <CardTitle component="h2">Remove the registry</CardTitle>
      <CardBody>
        <Form onSubmit={event => event.preventDefault()}>
          <Radio
            id="images-keep"
            name="images"
            label="Keep images and reports as history"
            isChecked={images === 'keep'}
            onChange={() => setImages('keep')}
          />
          <Radio
            id="images-delete"
            name="images"
            label="Delete images and reports, too"
            isChecked={images === 'delete'}
            onChange={() => setImages('delete')}
          />
          <ActionGroup>
            <Button variant="danger" onClick={() => void ask()} isLoading={remove.isPending}>
              Remove…
            </Button>
          </ActionGroup>
        </Form>
      </CardBody>
    </Card>
  );
}
