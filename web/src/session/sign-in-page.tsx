/** Signing in: with a password, or at the OpenID provider where there is one. */
import { ActionGroup, Alert, Button, Divider, Form, Stack, StackItem } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Navigate, useSearchParams } from 'react-router';
import { api, bodyOf, setCsrfToken } from '../api/client.ts';
import { sentenceOf } from '../feedback/answer.tsx';
import { useChange } from '../feedback/use-change.ts';
import { TextField } from '../form/fields.tsx';
import { FormFailure } from '../form/form-failure.tsx';
import { providerFailureOf } from './provider-failure.ts';
import { safeReturnTo } from './return-to.ts';
import { sessionQuery, setupQuery } from './session-queries.ts';
import { Welcome } from './welcome.tsx';

export function SignInPage() {
  const [params] = useSearchParams();
  const returnTo = safeReturnTo(params.get('returnTo'));
  const client = useQueryClient();
  const session = useQuery(sessionQuery);
  const setup = useQuery(setupQuery);
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const signIn = useChange({
    call: async () => await bodyOf(api.POST('/api/v1/session', { body: { name: name.trim(), password } })),
    stale: [],
    failed: false,
    onDone: made => {
      setCsrfToken(made.csrfToken ?? undefined);
      client.clear();
      client.setQueryData(sessionQuery.queryKey, made);
    },
  });
  if (session.data) return <Navigate to={returnTo} replace />;
  if (setup.data?.isNeeded === true) return <Navigate to={`/setup${window.location.hash}`} replace />;
  const failure = providerFailureOf(params);
  return (
    <Welcome title="Sign in">
      <Stack hasGutter>
        {setup.isError && (
          <Alert variant="warning" isInline title="The server cannot be reached">
            {sentenceOf(setup.error)}
          </Alert>
        )}
        {failure !== undefined && (
          <Alert variant="danger" isInline title="The sign-in at the provider did not succeed">
            {failure}
          </Alert>
        )}
        {setup.data?.oidc && (
          <>
            <StackItem>
              <Button
                component="a"
                isBlock
                variant="primary"
                href={`/api/v1/oidc/start?${new URLSearchParams({ returnTo })}`}
              >
                Sign in with {setup.data.oidc.displayName}
              </Button>
            </StackItem>
            <Divider />
          </>
        )}
        <Form
          onSubmit={event => {
            event.preventDefault();
            signIn.mutate(undefined);
          }}
        >
          <FormFailure error={signIn.error} title="You are not signed in" />
          <TextField label="Name" autoComplete="username" isRequired value={name} onChange={setName} />
          <TextField
            label="Password"
            type="password"
            autoComplete="current-password"
            isRequired
            value={password}
            onChange={setPassword}
          />
          <ActionGroup>
            <Button
              type="submit"
              isBlock
              variant={setup.data?.oidc ? 'secondary' : 'primary'}
              isLoading={signIn.isPending}
              isDisabled={signIn.isPending || name === '' || password === ''}
            >
              Sign in
            </Button>
          </ActionGroup>
        </Form>
      </Stack>
    </Welcome>
  );
}
