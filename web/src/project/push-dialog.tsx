/** *Push image manually*: the commands with the project's own host, and the registry key that goes with them. */
import {
  Alert,
  Button,
  Content,
  Flex,
  FlexItem,
  Form,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  Stack,
  StackItem,
  ToggleGroup,
  ToggleGroupItem,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiProblem, api, bodyOf } from '../api/client.ts';
import type { Project } from '../api/model.ts';
import { CopyBlock } from '../display/copy.tsx';
import { Time } from '../display/time.tsx';
import { Answer, sentenceOf } from '../feedback/answer.tsx';
import { useConfirm } from '../feedback/confirm.tsx';
import { useChange } from '../feedback/use-change.ts';
import { TextField } from '../form/fields.tsx';
import { registryKeyQuery, showRegistryKey } from './project-queries.ts';
import { isPushName, isPushTag, PUSH_TOOLS, type PushTool, pushCommands } from './push-commands.ts';

export function PushDialog({ project, onClose }: { readonly project: Project; readonly onClose: () => void }) {
  const [tool, setTool] = useState<PushTool>('podman');
  const [name, setName] = useState('');
  const [tag, setTag] = useState('');
  const pushTo = project.pushTo ?? '';
  return (
    <Modal isOpen variant="medium" onClose={onClose} aria-labelledby="push-title">
      <ModalHeader
        title="Push image manually"
        labelId="push-title"
        description="What you push is checked and graded by itself."
      />
      <ModalBody>
        <Stack hasGutter>
          <StackItem>
            <RegistryKey project={project} />
          </StackItem>
          <StackItem>
            <Form onSubmit={event => event.preventDefault()}>
              <TextField
                label="Name of the image"
                value={name}
                onChange={setName}
                placeholder="pilot"
                wrong={
                  name === '' || isPushName(name)
                    ? []
                    : [{ field: 'name', message: 'Small letters, digits, dots, dashes and slashes alone' }]
                }
              />
              <TextField
                label="Tag"
                value={tag}
                onChange={setTag}
                placeholder="1.0-1"
                wrong={
                  tag === '' || isPushTag(tag)
                    ? []
                    : [{ field: 'tag', message: 'Letters, digits, dots, dashes and underscores alone' }]
                }
              />
            </Form>
          </StackItem>
          <StackItem>
            <ToggleGroup aria-label="Program to push with">
              {PUSH_TOOLS.map(one => (
                <ToggleGroupItem
                  key={one}
                  text={one}
                  buttonId={`push-with-${one}`}
                  isSelected={tool === one}
                  onChange={() => setTool(one)}
                />
              ))}
            </ToggleGroup>
          </StackItem>
          <StackItem>
            <CopyBlock text={pushCommands(tool, { pushTo, name, tag })} what="the commands" />
            <Content component="small">
              The password is the registry key; the user name is always <code>unused</code>. Put your own image in the
              place of <code>IMAGE</code>.
            </Content>
          </StackItem>
        </Stack>
      </ModalBody>
      <ModalFooter>
        <Button onClick={onClose}>Close</Button>
      </ModalFooter>
    </Modal>
  );
}

function RegistryKey({ project }: { readonly project: Project }) {
  const key = useQuery(registryKeyQuery(project.id));
  const confirm = useConfirm();
  const [shown, setShown] = useState<string>();
  const show = useChange({
    call: async () => await showRegistryKey(project.id),
    stale: [],
    failed: 'The key cannot be shown',
    onDone: setShown,
  });
  const rotate = useChange({
    call: async () => {
      const params = { path: { projectId: project.id } };
      return await bodyOf(api.POST('/api/v1/projects/{projectId}/registry-key/rotate', { params }));
    },
    stale: ['project-keys'],
    done: 'The old key has ended; there is a new one',
    failed: 'The key was not replaced',
    onDone: made => setShown(made.text),
  });
  const end = useChange({
    call: async () =>
      await api.DELETE('/api/v1/projects/{projectId}/registry-key', { params: { path: { projectId: project.id } } }),
    stale: ['project-keys'],
    done: 'The key has ended',
    failed: 'The key was not ended',
    onDone: () => setShown(undefined),
  });
  const askEnd = async () => {
    const isSure = await confirm({
      title: `End the registry key of "${project.name}"?`,
      body: 'Nobody can push to the project any more, until there is a new key. Images that were pushed stay.',
      action: 'End the key',
    });
    if (isSure) end.mutate(undefined);
  };
  const ask = async () => {
    const isSure = await confirm({
      title: `Replace the registry key of "${project.name}"?`,
      body: 'Whoever pushes with the old key is refused from now on. Images that were pushed stay.',
      action: 'Replace the key',
    });
    if (isSure) rotate.mutate(undefined);
  };
  const replace = (
    <Button variant="link" isDanger isInline onClick={() => void ask()} isLoading={rotate.isPending}>
      Replace the key…
    </Button>
  );
  const isMissing = key.error instanceof ApiProblem && key.error.status === 404;
  if (isMissing && shown === undefined) {
    const make = (
      <Button variant="link" isInline onClick={() => rotate.mutate(undefined)} isLoading={rotate.isPending}>
        Make a new key
      </Button>
    );
    return (
      <Alert variant="warning" isInline title="There is no key to show" actionLinks={make}>
        {sentenceOf(key.error)}
      </Alert>
    );
  }
  return (
    <Answer of={key} what="the registry key">
      {({ text, createdAt, lastUsedAt }) => (
        <>
          {shown === undefined ? (
            <Flex alignItems={{ default: 'alignItemsCenter' }}>
              <FlexItem>
                Registry key <code>{text}</code>
              </FlexItem>
              <FlexItem>
                <Button
                  variant="secondary"
                  size="sm"
                  onClick={() => show.mutate(undefined)}
                  isLoading={show.isPending}
                  isDisabled={show.isPending}
                >
                  Show the key
                </Button>
              </FlexItem>
            </Flex>
          ) : (
            <CopyBlock text={shown} what="the registry key" />
          )}
          <Content component="small">
            Made <Time at={createdAt} />, last used <Time at={lastUsedAt} isRelative missing="never" />. It opens this
            project alone; who looks at it is written down. {replace}{' '}
            <Button variant="link" isDanger isInline onClick={() => void askEnd()} isLoading={end.isPending}>
              End the key…
            </Button>
          </Content>
        </>
      )}
    </Answer>
  );
}
