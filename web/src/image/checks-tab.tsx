/** Compliance of an image: the checks of certification, by a policy that is guessed or chosen. Nothing is kept of it. */
import { Alert, FormSelect, FormSelectOption, Stack, StackItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Answer } from '../feedback/answer.tsx';
import { Checks } from '../project/test-results.tsx';
import { checksQuery, type PolicyName } from './image-queries.ts';

/** What each policy is for. */
const POLICIES: Readonly<Record<PolicyName, string>> = {
  container: 'Container: images with packages of rpm',
  root: 'Container that may run as root',
  'scratch-nonroot': 'Scratch: images without a distribution',
  'scratch-root': 'Scratch that may run as root',
  konflux: 'Container built by Konflux',
  general: 'General: images of any distribution',
};

export function ChecksTab({ digest }: { readonly digest: string }) {
  const [policy, setPolicy] = useState<PolicyName>();
  const checks = useQuery(checksQuery(digest, policy));
  return (
    <Answer of={checks} what="the checks">
      {({ policy: used, policyReason, isPassed, results }) => (
        <Stack hasGutter>
          <StackItem>
            <FormSelect
              aria-label="Policy"
              className="plimsoll-policy"
              value={policy ?? used}
              onChange={(_, value) => setPolicy(value as PolicyName)}
            >
              {(Object.keys(POLICIES) as PolicyName[]).map(name => (
                <FormSelectOption key={name} value={name} label={POLICIES[name]} />
              ))}
            </FormSelect>
          </StackItem>
          <StackItem>
            <Alert
              isInline
              variant={isPassed ? 'success' : 'danger'}
              title={isPassed ? 'The image passes the checks' : 'The image does not pass the checks'}
            >
              {policyReason !== null && `By this policy because ${policyReason}.`}
            </Alert>
          </StackItem>
          <StackItem>
            <Checks checks={results} />
          </StackItem>
        </Stack>
      )}
    </Answer>
  );
}
