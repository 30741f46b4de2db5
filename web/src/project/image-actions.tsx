/** What can be done with an image of a project: publish, take back, read its tags again, delete. */
import { Alert, List, ListItem } from '@patternfly/react-core';
import type { IAction } from '@patternfly/react-table';
import { type ReactNode, useState } from 'react';
import { useNavigate } from 'react-router';
import { api, bodyOf } from '../api/client.ts';
import type { Project, ProjectImage } from '../api/model.ts';
import { cataloguePath } from '../display/addresses.ts';
import { useConfirm } from '../feedback/confirm.tsx';
import { useChange } from '../feedback/use-change.ts';
import { TextField } from '../form/fields.tsx';
import { FormDialog } from '../form/form-dialog.tsx';
import { mistakesOf } from '../form/violations.ts';
import { useRole } from '../session/session.tsx';

type Operation = 'publish' | 'unpublish' | 'sync-tags' | 'delete';

interface Wish {
  readonly operation: Operation;
  readonly image: ProjectImage;
  readonly overrideReason?: string;
}

const ASKED: Readonly<Record<Operation, string>> = {
  publish: 'Publishing is asked for',
  unpublish: 'Taking back is asked for',
  'sync-tags': 'Its tags are being read again',
  delete: 'Deletion is asked for',
};

/** What a page about images does with them; `dialog` belongs somewhere on the page. */
export interface ImageActions {
  readonly publish: (image: ProjectImage) => void;
  /** Asks for the reason first. */
  readonly publishDespite: (image: ProjectImage, objections: readonly string[]) => void;
  readonly unpublish: (image: ProjectImage) => Promise<void>;
  readonly actionsOf: (image: ProjectImage) => IAction[];
  readonly isBusy: boolean;
  readonly dialog: ReactNode;
}

export function useImageActions(project: Project): ImageActions {
  const confirm = useConfirm();
  const navigate = useNavigate();
  const mayOverride = useRole('admin', project.namespaceId);
  const [overridden, setOverridden] = useState<{ image: ProjectImage; objections: readonly string[] }>();
  const ask = useChange({
    call: async (wish: Wish) => await requestFor(project, wish),
    stale: ['projects'],
    done: (_, { operation }) => ASKED[operation],
    failed: 'It was not taken',
  });
  const publish = (image: ProjectImage) => ask.mutate({ operation: 'publish', image });
  const publishDespite = (image: ProjectImage, objections: readonly string[]) => setOverridden({ image, objections });
  const unpublish = async (image: ProjectImage) => {
    const isSure = await confirm({
      title: `Take ${nameOf(image)} out of the catalogue?`,
      body: 'People find it there no more. The image stays in its registry, and what is known of it here.',
      action: 'Unpublish',
    });
    if (isSure) ask.mutate({ operation: 'unpublish', image });
  };
  const remove = async (image: ProjectImage) => {
    const isSure = await confirm({
      title: `Delete ${nameOf(image)} from "${project.name}"?`,
      body: 'Its test results and grades go with it. The image itself stays in its registry.',
      action: 'Delete the image',
    });
    if (isSure) ask.mutate({ operation: 'delete', image });
  };
  const actionsOf = (image: ProjectImage): IAction[] => {
    const { publishedAt, registry, repository } = image;
    const sync = { title: 'Read tags again', onClick: () => ask.mutate({ operation: 'sync-tags', image }) };
    if (publishedAt === null) {
      return [
        { title: 'Publish', onClick: () => publish(image) },
        ...(mayOverride ? [{ title: 'Publish despite objections…', onClick: () => publishDespite(image, []) }] : []),
        sync,
        { title: 'Delete…', isDanger: true, onClick: () => void remove(image) },
      ];
    }
    return [
      ...(registry === null || repository === null
        ? []
        : [{ title: 'See it in the catalogue', onClick: () => void navigate(cataloguePath(registry, repository)) }]),
      sync,
      { title: 'Unpublish…', isDanger: true, onClick: () => void unpublish(image) },
    ];
  };
  const dialog =
    overridden === undefined ? null : (
      <OverrideDialog project={project} {...overridden} onClose={() => setOverridden(undefined)} />
    );
  return { publish, publishDespite, unpublish, actionsOf, isBusy: ask.isPending, dialog };
}

function OverrideDialog({
  project,
  image,
  objections,
  onClose,
}: {
  readonly project: Project;
  readonly image: ProjectImage;
  readonly objections: readonly string[];
  readonly onClose: () => void;
}) {
  const [reason, setReason] = useState('');
  const publish = useChange({
    call: async () => await requestFor(project, { operation: 'publish', image, overrideReason: reason.trim() }),
    stale: ['projects'],
    done: ASKED.publish,
    failed: false,
    onDone: onClose,
  });
  return (
    <FormDialog
      title={`Publish ${nameOf(image)} despite what stands against it`}
      action="Publish all the same"
      error={publish.error}
      fields={['overrideReason']}
      isBusy={publish.isPending}
      isReady={reason.trim().length >= 3}
      onSave={() => publish.mutate(undefined)}
      onClose={onClose}
    >
      <Alert variant="warning" isInline title="Your name and the reason are kept with the image.">
        {objections.length > 0 && (
          <List>
            {objections.map(text => (
              <ListItem key={text}>{text}</ListItem>
            ))}
          </List>
        )}
      </Alert>
      <TextField
        label="Reason"
        isRequired
        rows={3}
        value={reason}
        onChange={setReason}
        wrong={mistakesOf(publish.error).of('overrideReason')}
      />
    </FormDialog>
  );
}

/** Images of one index are published and taken back together. */
async function requestFor(project: Project, { operation, image, overrideReason }: Wish) {
  const { id, listDigest } = image;
  const isWhole = listDigest !== null && operation !== 'sync-tags';
  const body = isWhole ? { operation: `${operation}-manifest-list` as const, listDigest } : { operation, imageId: id };
  return await bodyOf(
    api.POST('/api/v1/projects/{projectId}/image-requests', {
      params: { path: { projectId: project.id } },
      body: { ...body, ...(overrideReason === undefined ? {} : { overrideReason }) },
    }),
  );
}

function nameOf({ tags, architecture, listDigest }: ProjectImage): string {
  const name = tags.at(-1)?.name ?? 'the image';
  return listDigest === null ? `${name} (${architecture})` : `${name} (all architectures)`;
}
