/**
 * Assets > Registries > New: the product, the connection, and a test of it before anything is kept; then the settings of the first scan,
 * which are a page of their own. Where only certain sensors reach the registry, it is kept first, since a sensor tests what is kept.
 */
import {
  ActionList,
  ActionListItem,
  Alert,
  Button,
  Card,
  CardBody,
  CardHeader,
  CardTitle,
  Gallery,
  PageSection,
  Spinner,
  Stack,
  StackItem,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { api, bodyOf } from '../api/client.ts';
import type { Registry, RegistryProduct } from '../api/model.ts';
import { sentenceOf } from '../feedback/answer.tsx';
import { PageAnswer } from '../feedback/page-answer.tsx';
import { useChange } from '../feedback/use-change.ts';
import { FormFailure } from '../form/form-failure.tsx';
import { hasRole, useSession } from '../session/session.tsx';
import { useNamespaces } from '../shell/namespace.ts';
import { PageHeader } from '../shell/page-header.tsx';
import { ByHand } from './by-hand.tsx';
import { ConnectionForm } from './connection-form.tsx';
import { readSteps } from './probe-step.ts';
import { ProbeTrace } from './probe-trace.tsx';
import { draftFor, isComplete, type RegistryDraft, toBody } from './registry-draft.ts';
import { productsQuery } from './registry-queries.ts';
import { WizardSteps } from './wizard-steps.tsx';

export function NewRegistryPage() {
  const products = useQuery(productsQuery);
  const [params] = useSearchParams();
  const isFirst = params.has('first');
  return (
    <>
      <PageHeader title="New registry" crumbs={[{ title: 'Registries', to: '/registries' }]}>
        {isFirst
          ? 'Your account is made. Connect a registry now, and the first scan begins right after.'
          : 'Say where images are and how to read them. Plimsoll never writes there.'}
      </PageHeader>
      <PageAnswer of={products} what="products">
        {list => <Steps products={list} />}
      </PageAnswer>
    </>
  );
}

function Steps({ products }: { readonly products: readonly RegistryProduct[] }) {
  const session = useSession();
  const { all, current } = useNamespaces();
  const mine = all.filter(({ id }) => hasRole(session, 'admin', id));
  const navigate = useNavigate();
  const [draft, setDraft] = useState<RegistryDraft>();
  const [saved, setSaved] = useState<Registry>();
  const [step, setStep] = useState<'product' | 'connection' | 'test'>('product');
  const product = products.find(({ type }) => type === draft?.type);
  const namespaceId = (mine.find(({ id }) => id === current?.id) ?? mine[0])?.id ?? '';
  const test = useChange({
    call: async (wanted: RegistryDraft | Registry) =>
      'id' in wanted
        ? await bodyOf(
            api.POST('/api/v1/registries/{registryId}/test', { params: { path: { registryId: wanted.id } }, body: {} }),
          )
        : await bodyOf(api.POST('/api/v1/registries/test', { body: toBody(wanted) })),
    stale: ['registries'],
    failed: false,
  });
  const save = useChange({
    call: async (wanted: RegistryDraft) => await keep(wanted, saved),
    stale: ['registries'],
    failed: false,
    onDone: (registry, wanted) => {
      setSaved(registry);
      if (needsSensor(wanted)) test.mutate(registry);
      else {
        // What was kept is what was tested a moment ago; a sensor tests it on the side, so that its pages know its health.
        const params = { path: { registryId: registry.id } };
        void api.POST('/api/v1/registries/{registryId}/test', { params, body: {} }).catch(() => undefined);
        void navigate(`/registries/${registry.id}/jobs/new?first`);
      }
    },
  });
  const begin = (wanted: RegistryDraft) => {
    setDraft(wanted);
    setStep('test');
    test.reset();
    save.reset();
    if (needsSensor(wanted)) save.mutate(wanted);
    else test.mutate(wanted);
  };
  if (step === 'product' || draft === undefined || product === undefined) {
    return (
      <PageSection>
        <Stack hasGutter>
          <WizardSteps now="product" />
          <ProductCards
            products={products}
            onChoose={chosen => {
              setDraft(chosen.type === draft?.type ? draft : draftFor(chosen, namespaceId));
              setStep('connection');
            }}
          />
        </Stack>
      </PageSection>
    );
  }
  if (step === 'connection') {
    return (
      <PageSection>
        <Stack hasGutter>
          <WizardSteps now="connection" />
          <FormFailure error={save.error ?? test.error} title="These settings cannot be used" />
          <StackItem>
            <ConnectionForm
              draft={draft.namespaceId === '' ? { ...draft, namespaceId } : draft}
              product={product}
              onChange={setDraft}
              isNew
              error={save.error ?? test.error}
            />
          </StackItem>
          <ActionList>
            <ActionListItem>
              <Button
                isDisabled={!isComplete(draft)}
                onClick={() => begin({ ...draft, namespaceId: draft.namespaceId || namespaceId })}
              >
                {needsSensor(draft) ? 'Save and test the connection' : 'Test the connection'}
              </Button>
            </ActionListItem>
            <ActionListItem>
              <Button variant="secondary" onClick={() => setStep('product')}>
                Back
              </Button>
            </ActionListItem>
            <ActionListItem>
              <Button variant="link" onClick={() => void navigate('/registries')}>
                Leave
              </Button>
            </ActionListItem>
          </ActionList>
        </Stack>
      </PageSection>
    );
  }
  return (
    <PageSection>
      <Stack hasGutter>
        <WizardSteps now="test" />
        <div aria-live="polite">
          {(test.isPending || save.isPending) && (
            <>
              <Spinner size="md" aria-label="Testing" />{' '}
              {needsSensor(draft)
                ? 'A sensor with these labels tests the connection; this takes up to a minute.'
                : 'The server tests the connection; this takes up to a minute.'}
            </>
          )}
          {test.isError && (
            <Alert variant="danger" isInline title="The connection could not be tested">
              {sentenceOf(test.error)}
            </Alert>
          )}
          {save.isError && <FormFailure error={save.error} title="The registry was not kept" />}
          {test.data !== undefined && !test.isPending && (
            <Alert
              variant={test.data.isOk ? 'success' : 'danger'}
              isInline
              title={test.data.isOk ? 'The registry can be read' : 'The registry cannot be read yet'}
            >
              {saved === undefined && 'Nothing is kept of it until you save it.'}
            </Alert>
          )}
        </div>
        {test.data !== undefined && !test.isPending && (
          <ProbeTrace
            steps={readSteps(test.data.steps)}
            onTrust={pem => begin({ ...draft, caPem: pem, namespaceId: draft.namespaceId || namespaceId })}
          />
        )}
        <ByHand address={draft.url} />
        <ActionList>
          <ActionListItem>
            <Button
              isDisabled={test.isPending || (save.isPending && needsSensor(draft))}
              isLoading={save.isPending}
              variant={test.data?.isOk === true ? 'primary' : 'secondary'}
              onClick={() =>
                saved !== undefined && needsSensor(draft)
                  ? void navigate(`/registries/${saved.id}/jobs/new?first`)
                  : save.mutate(draft)
              }
            >
              {nextWords(test.data?.isOk === true, saved !== undefined && needsSensor(draft))}
            </Button>
          </ActionListItem>
          <ActionListItem>
            <Button variant="secondary" isDisabled={test.isPending || save.isPending} onClick={() => begin(draft)}>
              Test again
            </Button>
          </ActionListItem>
          <ActionListItem>
            <Button variant="secondary" isDisabled={test.isPending} onClick={() => setStep('connection')}>
              Back
            </Button>
          </ActionListItem>
        </ActionList>
      </Stack>
    </PageSection>
  );
}

/** Whether only sensors with labels may reach it: then the server cannot try the way for them. */
function needsSensor({ sensorLabels }: RegistryDraft): boolean {
  return sensorLabels.trim() !== '';
}

function nextWords(isOk: boolean, isSaved: boolean): string {
  if (isSaved) return isOk ? 'Next: what to scan' : 'Go on all the same';
  return isOk ? 'Save, and say what to scan' : 'Save it all the same';
}

/** Makes the registry, or changes what was made; with another type or address it is another registry, and the first is removed. */
async function keep(draft: RegistryDraft, saved: Registry | undefined): Promise<Registry> {
  const body = toBody(draft);
  if (
    saved !== undefined &&
    saved.type === body.type &&
    sameAddress(saved.url, body.url) &&
    saved.namespaceId === body.namespaceId
  ) {
    const { type: _, url: __, namespaceId: ___, ...change } = body;
    return await bodyOf(
      api.PATCH('/api/v1/registries/{registryId}', { params: { path: { registryId: saved.id } }, body: change }),
    );
  }
  const made = await bodyOf(api.POST('/api/v1/registries', { body }));
  if (saved !== undefined) {
    await api.DELETE('/api/v1/registries/{registryId}', {
      params: { path: { registryId: saved.id }, query: { images: 'delete' } },
    });
  }
  return made;
}

function sameAddress(kept: string, wanted: string): boolean {
  const plain = (url: string) =>
    url
      .replace(/^https:\/\//, '')
      .replace(/\/+$/, '')
      .toLowerCase();
  return plain(kept) === plain(wanted);
}

function ProductCards({
  products,
  onChoose,
}: {
  readonly products: readonly RegistryProduct[];
  readonly onChoose: (product: RegistryProduct) => void;
}) {
  return (
    <Gallery hasGutter minWidths={{ default: '15rem' }}>
      {products.map(product => (
        <Card key={product.type} isClickable isCompact id={`product-${product.type}`}>
          <CardHeader
            selectableActions={{
              onClickAction: () => onChoose(product),
              selectableActionAriaLabelledby: `product-${product.type}-title`,
            }}
          >
            <CardTitle id={`product-${product.type}-title`}>{product.label}</CardTitle>
          </CardHeader>
          <CardBody className="plimsoll-quiet">{describe(product)}</CardBody>
        </Card>
      ))}
    </Gallery>
  );
}

function describe({ capabilities: { catalog, pushedDate }, requiresTags }: RegistryProduct): string {
  const parts = [
    catalog ? 'Lists repositories' : 'Repositories are named',
    pushedDate ? 'knows when images were pushed' : 'knows no push dates',
    ...(requiresTags ? ['wants tags named'] : []),
  ];
  return `${parts.join(', ')}.`;
}
