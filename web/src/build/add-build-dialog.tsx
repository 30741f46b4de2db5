/** Adding a build: its tag is a version, a dash and a number that was not used; the next free one is offered. */
import { Button } from '@patternfly/react-core';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { api, bodyOf } from '../api/client.ts';
import type { Project } from '../api/model.ts';
import { sentenceOf } from '../feedback/answer.tsx';
import { useChange } from '../feedback/use-change.ts';
import { TextField } from '../form/fields.tsx';
import { FormDialog } from '../form/form-dialog.tsx';

export function AddBuildDialog({ project, onClose }: { readonly project: Project; readonly onClose: () => void }) {
  const [tag, setTag] = useState('');
  const navigate = useNavigate();
  const path = { projectId: project.id };
  const add = useChange({
    call: async (_: undefined) =>
      await bodyOf(api.POST('/api/v1/projects/{projectId}/builds', { params: { path }, body: { tag: tag.trim() } })),
    stale: ['builds', 'projects'],
    done: ({ tag: made }) => `Build ${made} is waiting`,
    failed: false,
    onDone: ({ id }) => void navigate(`/projects/${project.id}/builds/${id}`),
  });
  const propose = useChange({
    call: async (version: string) =>
      await bodyOf(api.GET('/api/v1/projects/{projectId}/next-build-tag', { params: { path, query: { version } } })),
    stale: [],
    failed: 'No tag can be offered',
    onDone: ({ tag: next }) => setTag(next),
  });
  return (
    <FormDialog
      title="Add new build"
      action="Add the build"
      isBusy={add.isPending}
      isReady={tag.trim() !== ''}
      onSave={() => add.mutate(undefined)}
      onClose={onClose}
    >
      <TextField
        label="Tag"
        isRequired
        value={tag}
        onChange={setTag}
        placeholder="1.0-1"
        help="Your version, a dash, and the number of the build. Later builds of the version count on."
        wrong={add.error === null ? [] : [{ field: 'tag', message: sentenceOf(add.error) }]}
      />
      <Button
        variant="link"
        isInline
        isDisabled={tag.trim() === '' || propose.isPending}
        onClick={() => propose.mutate(tag.trim())}
      >
        Use the next free number of this version
      </Button>
    </FormDialog>
  );
}
