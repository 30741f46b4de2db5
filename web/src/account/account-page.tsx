/** My account: who I am here, my password, my API keys. */
import {
  ActionGroup,
  Alert,
  Button,
  Card,
  CardBody,
  CardTitle,
  DescriptionList,
  Form,
  Grid,
  GridItem,
  PageSection,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { api, bodyOf } from '../api/client.ts';
import { Fact } from '../display/fact.tsx';
import { useChange } from '../feedback/use-change.ts';
import { TextField } from '../form/fields.tsx';
import { FormFailure } from '../form/form-failure.tsx';
import { mistakesOf } from '../form/violations.ts';
import { providerFailureOf } from '../session/provider-failure.ts';
import { useSession } from '../session/session.tsx';
import { setupQuery } from '../session/session-queries.ts';
import { ApiKeys } from '../settings/api-keys.tsx';
import { PageHeader } from '../shell/page-header.tsx';

export function AccountPage() {
  const { account, everywhere, namespaces } = useSession();
  const [params] = useSearchParams();
  const failure = providerFailureOf(params);
  return (
    <>
      <PageHeader title="My account" />
      <PageSection>
        <Grid hasGutter>
          {failure !== undefined && (
            <GridItem>
              <Alert variant="danger" isInline title="The account was not linked">
                {failure}
              </Alert>
            </GridItem>
          )}
          <GridItem md={6}>
            <Card isFullHeight>
              <CardTitle component="h2">Who I am here</CardTitle>
              <CardBody>
                <DescriptionList isCompact isHorizontal>
                  <Fact term="Name">{account.name}</Fact>
                  <Fact term="Shown as">{account.displayName}</Fact>
                  <Fact term="E-mail">{account.email ?? '–'}</Fact>
                  <Fact term="Everywhere">{everywhere ?? 'no role'}</Fact>
                  {namespaces.map(({ id, displayName, role }) => (
                    <Fact key={id} term={displayName}>
                      {role}
                    </Fact>
                  ))}
                </DescriptionList>
                <LinkIdentity />
              </CardBody>
            </Card>
          </GridItem>
          {account.hasPassword && (
            <GridItem md={6}>
              <Card isFullHeight>
                <CardTitle component="h2">Password</CardTitle>
                <CardBody>
                  <ChangePassword />
                </CardBody>
              </Card>
            </GridItem>
          )}
        </Grid>
      </PageSection>
      <PageSection>
        <h2 className="pf-v6-c-title pf-m-lg">My API keys</h2>
        <ApiKeys />
      </PageSection>
    </>
  );
}

function ChangePassword() {
  const { account } = useSession();
  const [present, setPresent] = useState('');
  const [next, setNext] = useState('');
  const change = useChange({
    call: async () => await api.PUT('/api/v1/session/password', { body: { present, next } }),
    stale: [],
    done: 'Your password is changed, and your other sessions have ended',
    failed: false,
    onDone: () => {
      setPresent('');
      setNext('');
    },
  });
  const mistakes = mistakesOf(change.error);
  return (
    <Form
      onSubmit={event => {
        event.preventDefault();
        change.mutate(undefined);
      }}
    >
      <FormFailure error={change.error} title="The password was not changed" fields={['present', 'next']} />
      {/* For password managers. */}
      <input type="text" hidden readOnly autoComplete="username" value={account.name} />
      <TextField
        label="Present password"
        type="password"
        autoComplete="current-password"
        value={present}
        onChange={setPresent}
        wrong={mistakes.of('present')}
      />
      <TextField
        label="New password"
        type="password"
        autoComplete="new-password"
        value={next}
        onChange={setNext}
        wrong={mistakes.of('next')}
        help="At least 12 characters. All your other sessions end."
      />
      <ActionGroup>
        <Button
          type="submit"
          variant="secondary"
          isLoading={change.isPending}
          isDisabled={change.isPending || present === '' || next === ''}
        >
          Change the password
        </Button>
      </ActionGroup>
    </Form>
  );
}

/** Where there is an OpenID provider, an account can sign in there from then on. */
function LinkIdentity() {
  const setup = useQuery(setupQuery);
  const link = useChange({
    call: async () => await bodyOf(api.POST('/api/v1/oidc/link', { body: { returnTo: '/account' } })),
    stale: [],
    failed: 'The account was not linked',
    onDone: ({ url }) => window.location.assign(url),
  });
  if (!setup.data?.oidc) return null;
  return (
    <Button variant="link" isInline onClick={() => link.mutate(undefined)}>
      Link this account to {setup.data.oidc.displayName}
    </Button>
  );
}
