/** The first account of a new server. Its token is behind the `#` of the address that the server printed: browsers keep that to themselves. */
import { ActionGroup, Alert, Button, Form } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Navigate, useNavigate } from 'react-router';
import { api, bodyOf, setCsrfToken } from '../api/client.ts';
import { useChange } from '../feedback/use-change.ts';
import { TextField } from '../form/fields.tsx';
import { FormFailure } from '../form/form-failure.tsx';
import { mistakesOf } from '../form/violations.ts';
import { sessionQuery, setupQuery } from './session-queries.ts';
import { Welcome } from './welcome.tsx';

const MIN_PASSWORD = 12;

export function SetupPage() {
  const setup = useQuery(setupQuery);
  const client = useQueryClient();
  const navigate = useNavigate();
  const [token, setToken] = useState(() => decodeURIComponent(window.location.hash.slice(1)));
  const [hasToken] = useState(token !== '');
  const [name, setName] = useState('admin');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [isMade, setMade] = useState(false);
  const make = useChange({
    call: async () =>
      await bodyOf(api.POST('/api/v1/setup', { body: { token: token.trim(), name: name.trim(), password } })),
    stale: [],
    failed: false,
    onDone: made => {
      setMade(true);
      setCsrfToken(made.csrfToken ?? undefined);
      client.setQueryData(sessionQuery.queryKey, made);
      void client.invalidateQueries({ queryKey: setupQuery.queryKey });
      // The first thing that a new server needs is something to scan.
      void navigate('/registries/new?first', { replace: true });
    },
  });
  if (setup.data?.isNeeded === false && !isMade) return <Navigate to="/sign-in" replace />;
  const mistakes = mistakesOf(make.error);
  const isMatching = password === again;
  return (
    <Welcome
      title="Set up Plimsoll"
      subtitle="Make the account that runs this server. Then you connect a registry, and the first scan begins."
    >
      <Form
        onSubmit={event => {
          event.preventDefault();
          make.mutate(undefined);
        }}
      >
        <FormFailure error={make.error} title="The account was not made" fields={['name', 'password', 'token']} />
        {!hasToken && (
          <>
            <Alert
              variant="info"
              isInline
              title="Open the address that the server printed when it started: it has the token."
            />
            <TextField label="Token" isRequired value={token} onChange={setToken} wrong={mistakes.of('token')} />
          </>
        )}
        <TextField
          label="Name"
          autoComplete="username"
          isRequired
          value={name}
          onChange={setName}
          wrong={mistakes.of('name')}
        />
        <TextField
          label="Password"
          type="password"
          autoComplete="new-password"
          isRequired
          value={password}
          onChange={setPassword}
          wrong={mistakes.of('password')}
          help={`At least ${MIN_PASSWORD} characters; a few words are easier to keep than signs.`}
        />
        <TextField
          label="Password again"
          type="password"
          autoComplete="new-password"
          isRequired
          value={again}
          onChange={setAgain}
          wrong={again !== '' && !isMatching ? [{ field: 'again', message: 'The two are not the same' }] : []}
        />
        <ActionGroup>
          <Button
            type="submit"
            isBlock
            isLoading={make.isPending}
            isDisabled={make.isPending || token === '' || name === '' || password === '' || !isMatching}
          >
            Make the account
          </Button>
        </ActionGroup>
      </Form>
    </Welcome>
  );
}
