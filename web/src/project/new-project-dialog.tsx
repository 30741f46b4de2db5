/** Making a project: its name, and where its image will be. The rest is in its settings. */
import { FormGroup, Radio } from '@patternfly/react-core';
import { useState } from 'react';
import { api, bodyOf } from '../api/client.ts';
import type { Project } from '../api/model.ts';
import { useChange } from '../feedback/use-change.ts';
import { SelectField, TextField } from '../form/fields.tsx';
import { FormDialog } from '../form/form-dialog.tsx';
import { mistakesOf } from '../form/violations.ts';
import { hasRole, useSession } from '../session/session.tsx';
import { useNamespaces } from '../shell/namespace.ts';
import { OS_CONTENT_TYPES, type OsContentType } from './project-choices.ts';

const FIELDS = ['name', 'namespaceId', 'osContentType', 'registry', 'repository'];

export function NewProjectDialog({
  namespaceId: chosen,
  onClose,
  onMade,
}: {
  readonly namespaceId: string | undefined;
  readonly onClose: () => void;
  readonly onMade: (project: Project) => void;
}) {
  const session = useSession();
  const namespaces = useNamespaces().all.filter(({ id }) => hasRole(session, 'operator', id));
  const [name, setName] = useState('');
  const [namespaceId, setNamespace] = useState(chosen ?? '');
  const [isHosted, setHosted] = useState(false);
  const [registry, setRegistry] = useState('');
  const [repository, setRepository] = useState('');
  const [osContentType, setOs] = useState<OsContentType>(OS_CONTENT_TYPES[0]);
  const owner = namespaceId === '' ? namespaces[0]?.id : namespaceId;
  const make = useChange({
    call: async () =>
      await bodyOf(
        api.POST('/api/v1/projects', {
          body: {
            namespaceId: owner ?? '',
            name: name.trim(),
            osContentType,
            distributionMethod: isHosted ? 'rhcc' : 'external',
            ...(isHosted || registry.trim() === '' ? {} : { registry: registry.trim() }),
            ...(isHosted || repository.trim() === '' ? {} : { repository: repository.trim() }),
          },
        }),
      ),
    stale: ['projects'],
    done: ({ name: made }) => `Project "${made}" is made`,
    failed: false,
    onDone: onMade,
  });
  const mistakes = mistakesOf(make.error);
  return (
    <FormDialog
      title="New project"
      action="Make the project"
      // What a field says is not said twice.
      error={FIELDS.some(field => mistakes.of(field).length > 0) ? undefined : make.error}
      isBusy={make.isPending}
      isReady={name.trim() !== '' && owner !== undefined}
      onSave={() => make.mutate(undefined)}
      onClose={onClose}
    >
      <TextField
        label="Name"
        isRequired
        value={name}
        onChange={setName}
        help="The catalogue shows it."
        wrong={mistakes.of('name')}
      />
      {namespaces.length > 1 && (
        <SelectField
          label="Namespace"
          value={owner ?? ''}
          onChange={setNamespace}
          options={namespaces.map(({ id, displayName }) => ({ value: id, label: displayName }))}
          wrong={mistakes.of('namespaceId')}
        />
      )}
      <SelectField
        label="Content of the image"
        value={osContentType}
        onChange={setOs}
        options={OS_CONTENT_TYPES.map(value => ({ value, label: value }))}
        help="It decides which checks the image must pass."
        wrong={mistakes.of('osContentType')}
      />
      <FormGroup role="radiogroup" label="Where the image is" fieldId="place">
        <Radio
          id="place-external"
          name="place"
          label="In a registry of yours"
          description="It is scanned where it lies."
          isChecked={!isHosted}
          onChange={() => setHosted(false)}
        />
        <Radio
          id="place-hosted"
          name="place"
          label="In the registry of this server"
          description="You push it here with a key of the project."
          isChecked={isHosted}
          onChange={() => setHosted(true)}
        />
      </FormGroup>
      {!isHosted && (
        <>
          <TextField
            label="Registry"
            value={registry}
            onChange={setRegistry}
            placeholder="quay.io"
            help="Where people will pull the image. It can be said later, too."
            wrong={mistakes.of('registry')}
          />
          <TextField
            label="Repository"
            value={repository}
            onChange={setRepository}
            placeholder="acme/pilot"
            wrong={mistakes.of('repository')}
          />
        </>
      )}
    </FormDialog>
  );
}
