/** The connection of a registry: address, credentials with help for this product, certificates, where it is reached from. */
import {
  Alert,
  Card,
  CardBody,
  CardTitle,
  Content,
  ExpandableSection,
  Form,
  FormSection,
  Grid,
  GridItem,
} from '@patternfly/react-core';
import { lazy, Suspense, useState } from 'react';
import type { RegistryProduct } from '../api/model.ts';
import { CheckField, SelectField, TextField } from '../form/fields.tsx';
import { type Mistakes, mistakesOf } from '../form/violations.ts';
import { useNamespaces } from '../shell/namespace.ts';
import { CREDENTIALS, type CredentialKind, type FieldSpec, PRODUCT_FIELDS } from './credential-fields.ts';
import type { RegistryDraft } from './registry-draft.ts';

const SafeMarkdown = lazy(() => import('../display/markdown.tsx'));

/** `isNew`: type, address and namespace can still be chosen; otherwise credentials that are left empty stay as they are. */
export function ConnectionForm({
  draft,
  product,
  onChange,
  isNew,
  error,
}: {
  readonly draft: RegistryDraft;
  readonly product: RegistryProduct;
  readonly onChange: (draft: RegistryDraft) => void;
  readonly isNew: boolean;
  readonly error: unknown;
}) {
  const { all: namespaces } = useNamespaces();
  const mistakes = mistakesOf(error);
  const set = (change: Partial<RegistryDraft>) => onChange({ ...draft, ...change });
  const own = PRODUCT_FIELDS[draft.type] ?? [];
  const kind = CREDENTIALS[draft.credentialKind];
  return (
    <Grid hasGutter>
      <GridItem lg={7}>
        <Form onSubmit={event => event.preventDefault()}>
          <TextField
            label="Address"
            isRequired
            isDisabled={!isNew}
            value={draft.url}
            onChange={url => set({ url })}
            help={isNew ? <InlineMarkdown text={product.addressHint} /> : 'Another address is another registry.'}
            wrong={mistakes.of('url')}
          />
          <TextField
            label="Name"
            value={draft.name}
            onChange={name => set({ name })}
            placeholder={draft.url}
            help="How it is called here; its address when you leave this empty."
            wrong={mistakes.of('name')}
          />
          {isNew && namespaces.length > 1 && (
            <SelectField
              label="Namespace"
              value={draft.namespaceId}
              onChange={namespaceId => set({ namespaceId })}
              options={namespaces.map(({ id, displayName }) => ({ value: id, label: displayName }))}
            />
          )}
          {own.length > 0 && (
            <FormSection title={product.label}>
              <SpecFields
                specs={own}
                values={draft.product}
                onChange={values => set({ product: values })}
                mistakes={mistakes}
                prefix="product"
              />
            </FormSection>
          )}
          <FormSection title="Credentials">
            {!isNew && (
              <Alert
                variant="info"
                isInline
                isPlain
                title="What is kept is never shown. Leave the fields empty to keep it."
              />
            )}
            <SelectField
              label="Kind"
              value={draft.credentialKind}
              onChange={credentialKind => set({ credentialKind, credentials: {} })}
              options={product.credentialKinds.map(value => ({
                value: value as CredentialKind,
                label: CREDENTIALS[value as CredentialKind].label,
              }))}
              wrong={mistakes.of('credentials.kind')}
            />
            <SpecFields
              specs={isNew ? kind.fields : kind.fields.map(field => ({ ...field, isRequired: false }))}
              values={draft.credentials}
              onChange={credentials => set({ credentials })}
              mistakes={mistakes}
              prefix="credentials"
            />
            {draft.credentialKind !== 'none' && (
              <TextField
                label="They end on"
                type="date"
                value={draft.expires}
                onChange={expires => set({ expires })}
                help="When you know; you are warned before."
              />
            )}
          </FormSection>
          <Security draft={draft} set={set} mistakes={mistakes} />
        </Form>
      </GridItem>
      <GridItem lg={5}>
        <Card isPlain variant="secondary">
          <CardTitle component="h3">What {product.label} needs</CardTitle>
          <CardBody>
            <Content>
              <InlineMarkdown text={product.credentialHelp} />
            </Content>
          </CardBody>
        </Card>
      </GridItem>
    </Grid>
  );
}

function Security({
  draft,
  set,
  mistakes,
}: {
  readonly draft: RegistryDraft;
  readonly set: (change: Partial<RegistryDraft>) => void;
  readonly mistakes: Mistakes;
}) {
  const isPlainHttp = draft.insecureHttp || draft.url.startsWith('http://');
  const hasSettings =
    draft.caPem !== '' || draft.skipVerify || draft.proxy !== '' || draft.sensorLabels !== '' || isPlainHttp;
  const [isOpen, setOpen] = useState(hasSettings);
  return (
    <ExpandableSection
      toggleText="Certificates, proxy, sensors"
      isExpanded={isOpen || isPlainHttp}
      onToggle={(_, open) => setOpen(open)}
      isIndented
    >
      <FormSection>
        <TextField
          label="Certificate authority"
          rows={4}
          value={draft.caPem}
          onChange={caPem => set({ caPem })}
          placeholder="-----BEGIN CERTIFICATE-----"
          help="PEM; for registries with a certificate of your company. The test shows the certificate, if you do not have it."
          wrong={mistakes.of('tls.caPem')}
        />
        <CheckField
          label="Do not check certificates"
          help="Whoever sits in between can read credentials and change images. Trust the certificate instead."
          isChecked={draft.skipVerify}
          onChange={skipVerify => set({ skipVerify })}
        />
        <CheckField
          label="Plain http"
          help="Everything can be read and changed on the way. There is never a silent fallback to it."
          isChecked={draft.insecureHttp}
          onChange={insecureHttp => set({ insecureHttp, allowsCredentialsOverHttp: false })}
          wrong={mistakes.of('tls.insecureHttp')}
        />
        {isPlainHttp && draft.credentialKind !== 'none' && (
          <CheckField
            label="Send the credentials over plain http"
            isChecked={draft.allowsCredentialsOverHttp}
            onChange={allowsCredentialsOverHttp => set({ allowsCredentialsOverHttp })}
          />
        )}
        <TextField
          label="Proxy"
          value={draft.proxy}
          onChange={proxy => set({ proxy })}
          placeholder="http://proxy.example:3128"
          help="Of this registry alone; else that of the sensor counts."
          wrong={mistakes.of('proxy')}
        />
        <TextField
          label="Labels of sensors"
          value={draft.sensorLabels}
          onChange={sensorLabels => set({ sensorLabels })}
          placeholder="zone=dc1"
          help="Only sensors that have all of these reach the registry; any when empty."
          wrong={mistakes.of('sensorSelector')}
        />
      </FormSection>
    </ExpandableSection>
  );
}

function SpecFields({
  specs,
  values,
  onChange,
  mistakes,
  prefix,
}: {
  readonly specs: readonly FieldSpec[];
  readonly values: Readonly<Record<string, string>>;
  readonly onChange: (values: Readonly<Record<string, string>>) => void;
  readonly mistakes: Mistakes;
  readonly prefix: string;
}) {
  return specs.map(({ name, label, help, isSecret = false, isRequired = false, rows, options }) => {
    const shared = {
      label,
      isRequired,
      ...(help === undefined ? {} : { help }),
      value: values[name] ?? '',
      onChange: (value: string) => onChange({ ...values, [name]: value }),
      wrong: mistakes.of(`${prefix}.${name}`),
    };
    if (options !== undefined)
      return <SelectField key={name} {...shared} value={values[name] ?? options[0]?.value ?? ''} options={options} />;
    return (
      <TextField
        key={name}
        {...shared}
        type={isSecret ? 'password' : 'text'}
        autoComplete={isSecret ? 'new-password' : 'off'}
        {...(rows === undefined ? {} : { rows })}
      />
    );
  });
}

function InlineMarkdown({ text }: { readonly text: string }) {
  return (
    <Suspense fallback={text.replaceAll(/[`*]/g, '')}>
      <SafeMarkdown text={text} />
    </Suspense>
  );
}
