/** The pull secret of a project: what may be shown of it, another in its place, none at all. */
import { ActionGroup, Button, Card, CardBody, CardTitle, DescriptionList, Form } from '@patternfly/react-core';
import { useState } from 'react';
import { api } from '../api/client.ts';
import type { Project } from '../api/model.ts';
import { Fact } from '../display/fact.tsx';
import { Time } from '../display/time.tsx';
import { sentenceOf } from '../feedback/answer.tsx';
import { useConfirm } from '../feedback/confirm.tsx';
import { useChange } from '../feedback/use-change.ts';
import { PullSecretField, savePullSecret } from './pull-secret.tsx';

export function PullSecretCard({ project }: { readonly project: Project }) {
  const { pullSecret, isHosted } = project;
  const [text, setText] = useState('');
  const confirm = useConfirm();
  const save = useChange({
    call: async () => await savePullSecret(project.id, text),
    stale: ['projects'],
    done: ({ pullSecret: kept }) => `The pull secret for ${kept?.entry ?? 'the project'} is kept`,
    failed: false,
    onDone: () => setText(''),
  });
  const forget = useChange({
    call: async () =>
      await api.DELETE('/api/v1/projects/{projectId}/pull-secret', { params: { path: { projectId: project.id } } }),
    stale: ['projects'],
    done: 'The pull secret is forgotten',
    failed: 'The pull secret was not forgotten',
  });
  const ask = async () => {
    const isSure = await confirm({
      title: `Forget the pull secret for "${pullSecret?.entry ?? ''}"?`,
      body: 'Images that not everybody may pull can be neither scanned nor published then.',
      action: 'Forget it',
    });
    if (isSure) forget.mutate(undefined);
  };
  return (
    <Card>
      <CardTitle component="h2">Pull secret</CardTitle>
      <CardBody>
        {isHosted ? (
          <p>Images are pushed here and read without a pull secret; none is kept.</p>
        ) : (
          <>
            {pullSecret !== null && (
              <DescriptionList isCompact isHorizontal className="plimsoll-before">
                <Fact term="For">{pullSecret.entry}</Fact>
                <Fact term="Account">{pullSecret.account ?? 'A token without one'}</Fact>
                <Fact term="Fingerprint">
                  <code>{pullSecret.fingerprint}</code>
                </Fact>
                {pullSecret.dropped.length > 0 && (
                  <Fact term="Came along, not kept">{pullSecret.dropped.join(', ')}</Fact>
                )}
                <Fact term="Saved">
                  <Time at={pullSecret.savedAt} />
                </Fact>
              </DescriptionList>
            )}
            <Form
              isWidthLimited
              maxWidth="48rem"
              onSubmit={event => {
                event.preventDefault();
                save.mutate(undefined);
              }}
            >
              <PullSecretField
                value={text}
                onChange={setText}
                wrong={save.error === null ? [] : [{ field: 'pullSecret', message: sentenceOf(save.error) }]}
              />
              <p className="plimsoll-quiet">What is kept is never shown again.</p>
              <ActionGroup>
                <Button type="submit" isLoading={save.isPending} isDisabled={save.isPending || text.trim() === ''}>
                  {pullSecret === null ? 'Save the pull secret' : 'Replace the pull secret'}
                </Button>
                {pullSecret !== null && (
                  <Button variant="link" isDanger onClick={() => void ask()}>
                    Forget it…
                  </Button>
                )}
              </ActionGroup>
            </Form>
          </>
        )}
      </CardBody>
    </Card>
  );
}
