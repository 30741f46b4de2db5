/** Which OpenID provider people sign in at. */
import {
  ActionGroup,
  ActionList,
  ActionListItem,
  Alert,
  Button,
  Form,
  FormFieldGroup,
  FormFieldGroupHeader,
  Grid,
  GridItem,
} from '@patternfly/react-core';
import { TimesIcon } from '@patternfly/react-icons/dist/esm/icons/times-icon';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, bodyOf } from '../api/client.ts';
import type { Namespace, OidcSettings, Role } from '../api/model.ts';
import { CopyBlock } from '../display/copy.tsx';
import { Answer } from '../feedback/answer.tsx';
import { useConfirm } from '../feedback/confirm.tsx';
import { useChange } from '../feedback/use-change.ts';
import { CheckField, SelectField, TextField } from '../form/fields.tsx';
import { FormFailure } from '../form/form-failure.tsx';
import { mistakesOf } from '../form/violations.ts';
import { useNamespaces } from '../shell/namespace.ts';
import { ROLE_OPTIONS } from './roles.ts';
import { oidcQuery } from './settings-queries.ts';

const FIELDS = ['issuer', 'clientId', 'displayName', 'scopes', 'groupsClaim', 'groupRoles', 'clientSecret'];

export function Oidc() {
  const settings = useQuery(oidcQuery);
  return (
    <Answer of={settings} what="the OpenID provider">
      {found => <OidcForm key={found?.issuer ?? 'none'} settings={found} />}
    </Answer>
  );
}

interface GroupRole {
  readonly group: string;
  readonly role: Role;
  /** Empty: everywhere. */
  readonly namespaceId: string;
}

function OidcForm({ settings }: { readonly settings: OidcSettings | null }) {
  const confirm = useConfirm();
  const { all: namespaces } = useNamespaces();
  const [issuer, setIssuer] = useState(settings?.issuer ?? '');
  const [clientId, setClientId] = useState(settings?.clientId ?? '');
  const [displayName, setDisplayName] = useState(settings?.displayName ?? '');
  const [clientSecret, setClientSecret] = useState('');
  const [scopes, setScopes] = useState((settings?.scopes ?? ['profile', 'email']).join(' '));
  const [groupsClaim, setGroupsClaim] = useState(settings?.groupsClaim ?? 'groups');
  const [groupRoles, setGroupRoles] = useState<readonly GroupRole[]>(
    (settings?.groupRoles ?? []).map(entry => ({ ...entry, namespaceId: entry.namespaceId ?? '' })),
  );
  const [createsAccounts, setCreatesAccounts] = useState(settings?.createsAccounts ?? false);
  const save = useChange({
    call: async () =>
      await bodyOf(
        api.PUT('/api/v1/settings/oidc', {
          body: {
            issuer: issuer.trim(),
            clientId: clientId.trim(),
            displayName: displayName.trim(),
            scopes: scopes.split(/[\s,]+/).filter(scope => scope !== ''),
            groupsClaim: groupsClaim.trim(),
            createsAccounts,
            groupRoles: groupRoles
              .filter(({ group }) => group.trim() !== '')
              .map(({ group, role, namespaceId }) => ({
                group: group.trim(),
                role,
                ...(namespaceId === '' ? {} : { namespaceId }),
              })),
            ...(clientSecret === '' ? {} : { clientSecret }),
          },
        }),
      ),
    stale: ['oidc', 'setup'],
    done: 'People can sign in at the provider',
    failed: false,
    onDone: () => setClientSecret(''),
  });
  const remove = useChange({
    call: async () => await api.DELETE('/api/v1/settings/oidc'),
    stale: ['oidc', 'setup'],
    done: 'Nobody can sign in at the provider any more',
    failed: 'The provider was not removed',
  });
  const ask = async () => {
    const isSure = await confirm({
      title: `Remove the provider "${settings?.displayName}"?`,
      body: 'Nobody can sign in there any more. Accounts stay; those without a password cannot sign in at all then.',
      action: 'Remove the provider',
    });
    if (isSure) remove.mutate(undefined);
  };
  const mistakes = mistakesOf(save.error);
  return (
    <Form
      isWidthLimited
      maxWidth="48rem"
      onSubmit={event => {
        event.preventDefault();
        save.mutate(undefined);
      }}
    >
      {settings === null ? (
        <Alert
          variant="info"
          isInline
          title="People sign in with a password. With an OpenID provider they can sign in as everywhere else."
        />
      ) : (
        <>
          <p>Register this address at the provider:</p>
          <CopyBlock text={settings.callbackUrl} what="the address" />
        </>
      )}
      <FormFailure error={save.error} title="The provider was not saved" fields={FIELDS} />
      <TextField
        label="Issuer"
        isRequired
        value={issuer}
        onChange={setIssuer}
        placeholder="https://sso.example/realms/acme"
        wrong={mistakes.of('issuer')}
        help="Its settings are read from there."
      />
      <TextField label="Client ID" isRequired value={clientId} onChange={setClientId} wrong={mistakes.of('clientId')} />
      <TextField
        label="Client secret"
        type="password"
        autoComplete="new-password"
        value={clientSecret}
        onChange={setClientSecret}
        wrong={mistakes.of('clientSecret')}
        help={
          settings?.hasClientSecret === true
            ? 'One is kept; leave this empty to keep it.'
            : 'None when the client is public.'
        }
      />
      <TextField
        label="Name on the button"
        isRequired
        value={displayName}
        onChange={setDisplayName}
        wrong={mistakes.of('displayName')}
        placeholder="Acme"
      />
      <TextField
        label="Scopes"
        value={scopes}
        onChange={setScopes}
        wrong={mistakes.of('scopes')}
        help="Besides openid"
      />
      <TextField
        label="Claim that lists groups"
        value={groupsClaim}
        onChange={setGroupsClaim}
        wrong={mistakes.of('groupsClaim')}
      />
      <FormFieldGroup
        header={
          <FormFieldGroupHeader
            titleText={{ text: 'Roles by group', id: 'group-roles' }}
            titleDescription="Brought up to date at each sign-in."
          />
        }
      >
        <GroupRoles value={groupRoles} namespaces={namespaces} onChange={setGroupRoles} />
      </FormFieldGroup>
      <CheckField
        label="Make accounts"
        help="Whoever the provider knows and Plimsoll does not gets an account at the first sign-in."
        isChecked={createsAccounts}
        onChange={setCreatesAccounts}
      />
      <ActionGroup>
        <ActionList>
          <ActionListItem>
            <Button
              type="submit"
              isLoading={save.isPending}
              isDisabled={save.isPending || issuer === '' || clientId === '' || displayName === ''}
            >
              Save
            </Button>
          </ActionListItem>
          {settings !== null && (
            <ActionListItem>
              <Button variant="danger" onClick={() => void ask()}>
                Remove…
              </Button>
            </ActionListItem>
          )}
        </ActionList>
      </ActionGroup>
    </Form>
  );
}

function GroupRoles({
  value,
  namespaces,
  onChange,
}: {
  readonly value: readonly GroupRole[];
  readonly namespaces: readonly Namespace[];
  readonly onChange: (value: readonly GroupRole[]) => void;
}) {
  const change = (place: number, next: Partial<GroupRole>) =>
    onChange(value.map((old, index) => (index === place ? { ...old, ...next } : old)));
  return (
    <>
      {value.map(({ group, role, namespaceId }, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity while they are written
        <Grid hasGutter key={place}>
          <GridItem sm={4}>
            <TextField label={`Group ${place + 1}`} value={group} onChange={text => change(place, { group: text })} />
          </GridItem>
          <GridItem sm={4}>
            <SelectField
              label="Role"
              value={role}
              onChange={chosen => change(place, { role: chosen })}
              options={ROLE_OPTIONS}
            />
          </GridItem>
          <GridItem sm={3}>
            <SelectField
              label="Where"
              value={namespaceId}
              onChange={chosen => change(place, { namespaceId: chosen })}
              options={[
                { value: '', label: 'Everywhere' },
                ...namespaces.map(({ id, displayName }) => ({ value: id, label: displayName })),
              ]}
            />
          </GridItem>
          <GridItem sm={1} className="plimsoll-beside-field">
            <Button
              variant="plain"
              icon={<TimesIcon />}
              aria-label={`Leave out group ${place + 1}`}
              onClick={() => onChange(value.filter((_, index) => index !== place))}
            />
          </GridItem>
        </Grid>
      ))}
      <div>
        <Button
          variant="link"
          isInline
          onClick={() => onChange([...value, { group: '', role: 'viewer', namespaceId: '' }])}
        >
          Another group
        </Button>
      </div>
    </>
  );
}
