/** What a project is set to: its place, its rules, who to write to; its pull secret; and its end. */
import {
  ActionGroup,
  Alert,
  Button,
  Card,
  CardBody,
  CardTitle,
  Content,
  Form,
  FormFieldGroup,
  FormFieldGroupHeader,
  Grid,
  GridItem,
  Stack,
  StackItem,
} from '@patternfly/react-core';
import { TimesIcon } from '@patternfly/react-icons/dist/esm/icons/times-icon';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, bodyOf } from '../api/client.ts';
import type { Project } from '../api/model.ts';
import { CopyBlock } from '../display/copy.tsx';
import { useConfirm } from '../feedback/confirm.tsx';
import { useChange } from '../feedback/use-change.ts';
import { CheckField, SelectField, TextField } from '../form/fields.tsx';
import { FormFailure } from '../form/form-failure.tsx';
import { mistakesOf } from '../form/violations.ts';
import { useRole } from '../session/session.tsx';
import {
  CONTAINER_TYPES,
  type Contact,
  DISTRIBUTION_METHODS,
  detailsOf,
  OS_CONTENT_TYPES,
  type ProjectBody,
  toDetails,
} from './project-choices.ts';
import { PullSecretCard } from './pull-secret-card.tsx';

const FIELDS = [
  'name',
  'distributionMethod',
  'registry',
  'repository',
  'osContentType',
  'containerType',
  'isPrivileged',
  'autoPublish',
  'details',
];

export function ProjectSettings({ project }: { readonly project: Project }) {
  return (
    <Stack hasGutter>
      <StackItem>
        <Change key={project.revision} project={project} />
      </StackItem>
      <StackItem>
        <PullSecretCard project={project} />
      </StackItem>
      <StackItem>
        <ApiHint project={project} />
      </StackItem>
      <StackItem>
        <Archive project={project} />
      </StackItem>
    </Stack>
  );
}

function Change({ project }: { readonly project: Project }) {
  const isAdmin = useRole('admin', project.namespaceId);
  const isPublished = project.certificationStatus === 'Published';
  const [draft, setDraft] = useState<ProjectBody>(() => draftOf(project));
  const [details, setDetails] = useState(() => detailsOf(project));
  const change = (next: ProjectBody) => setDraft(now => ({ ...now, ...next }));
  const save = useChange({
    call: async () =>
      await bodyOf(
        api.PATCH('/api/v1/projects/{projectId}', {
          params: { path: { projectId: project.id } },
          headers: { 'if-match': `"r${project.revision}"` },
          body: {
            ...draft,
            name: draft.name?.trim() ?? project.name,
            registry: emptied(draft.registry),
            repository: emptied(draft.repository),
            details: toDetails(details),
          },
        }),
      ),
    stale: ['projects'],
    done: 'The project is changed',
    failed: false,
  });
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
      <FormFailure
        // What a field says is not said twice.
        error={FIELDS.some(field => mistakes.of(field).length > 0) ? undefined : save.error}
        title="The project was not changed"
      />
      <TextField
        label="Name"
        isRequired
        value={draft.name ?? ''}
        onChange={name => change({ name })}
        wrong={mistakes.of('name')}
      />
      <TextField
        label="Short description"
        value={details.shortDescription}
        onChange={shortDescription => setDetails({ ...details, shortDescription })}
        help="A sentence for the catalogue."
        wrong={mistakes.of('details')}
      />
      <TextField
        label="Description"
        rows={4}
        value={details.description}
        onChange={description => setDetails({ ...details, description })}
      />
      <SelectField
        label="How people get the image"
        value={draft.distributionMethod ?? 'external'}
        onChange={distributionMethod => change({ distributionMethod })}
        options={DISTRIBUTION_METHODS}
        isDisabled={isPublished}
        wrong={mistakes.of('distributionMethod')}
      />
      <TextField
        label="Registry"
        value={draft.registry ?? ''}
        onChange={registry => change({ registry })}
        placeholder="quay.io"
        isDisabled={isPublished}
        help={isPublished ? 'Fixed while an image is in the catalogue: unpublish it first.' : 'Where people pull it.'}
        wrong={mistakes.of('registry')}
      />
      <TextField
        label="Repository"
        value={draft.repository ?? ''}
        onChange={repository => change({ repository })}
        placeholder="acme/pilot"
        isDisabled={isPublished}
        {...(isPublished ? { help: 'Fixed while an image is in the catalogue: unpublish it first.' } : {})}
        wrong={mistakes.of('repository')}
      />
      <SelectField
        label="Content of the image"
        value={draft.osContentType ?? ''}
        onChange={osContentType => change({ osContentType: osContentType === '' ? null : osContentType })}
        options={[
          ...(project.osContentType === null ? [{ value: '' as const, label: 'Not said' }] : []),
          ...OS_CONTENT_TYPES.map(value => ({ value, label: value })),
        ]}
        help="It decides which checks the image must pass."
        wrong={mistakes.of('osContentType')}
      />
      <SelectField
        label="Kind of image"
        value={draft.containerType ?? 'container'}
        onChange={containerType => change({ containerType })}
        options={CONTAINER_TYPES.map(one => ({
          ...one,
          isDisabled: one.value === 'scratch' && !isAdmin && project.containerType !== 'scratch',
        }))}
        wrong={mistakes.of('containerType')}
      />
      <CheckField
        label="It may run as root"
        help={isAdmin ? 'Fewer checks are asked of it then.' : 'An admin of the namespace decides about it.'}
        isDisabled={!isAdmin && !project.isPrivileged}
        isChecked={draft.isPrivileged ?? false}
        onChange={isPrivileged => change({ isPrivileged })}
        wrong={mistakes.of('isPrivileged')}
      />
      <CheckField
        label="Publish by itself"
        help="An image is published as soon as nothing stands against it."
        isChecked={draft.autoPublish ?? false}
        onChange={autoPublish => change({ autoPublish })}
        wrong={mistakes.of('autoPublish')}
      />
      <FormFieldGroup
        header={
          <FormFieldGroupHeader
            titleText={{ text: 'Contacts', id: 'project-contacts' }}
            titleDescription="Who to write to, for when the health grade falls."
          />
        }
      >
        <Contacts value={details.contacts} onChange={contacts => setDetails({ ...details, contacts })} />
      </FormFieldGroup>
      <ActionGroup>
        <Button
          type="submit"
          isLoading={save.isPending}
          isDisabled={save.isPending || (draft.name ?? '').trim() === ''}
        >
          Save
        </Button>
      </ActionGroup>
    </Form>
  );
}

function Contacts({
  value,
  onChange,
}: {
  readonly value: readonly Contact[];
  readonly onChange: (value: readonly Contact[]) => void;
}) {
  const change = (place: number, next: Partial<Contact>) =>
    onChange(value.map((old, index) => (index === place ? { ...old, ...next } : old)));
  return (
    <>
      {value.map(({ email, type }, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity while they are written
        <Grid hasGutter key={place}>
          <GridItem sm={6}>
            <TextField
              label={`E-mail address ${place + 1}`}
              type="email"
              value={email}
              onChange={text => change(place, { email: text })}
            />
          </GridItem>
          <GridItem sm={5}>
            <TextField label={`Role ${place + 1}`} value={type} onChange={text => change(place, { type: text })} />
          </GridItem>
          <GridItem sm={1} className="plimsoll-beside-field">
            <Button
              variant="plain"
              icon={<TimesIcon />}
              aria-label={`Leave out contact ${place + 1}`}
              onClick={() => onChange(value.filter((_, index) => index !== place))}
            />
          </GridItem>
        </Grid>
      ))}
      <div>
        <Button variant="link" isInline onClick={() => onChange([...value, { email: '', type: 'Technical contact' }])}>
          {value.length === 0 ? 'Name a contact' : 'Another contact'}
        </Button>
      </div>
    </>
  );
}

/** What programs need to know of the project. */
function ApiHint({ project }: { readonly project: Project }) {
  const host = `${window.location.host}/api/containers`;
  const text = [
    `export PFLT_PYXIS_HOST=${host}`,
    'export PFLT_PYXIS_API_TOKEN=…',
    `export PFLT_CERTIFICATION_COMPONENT_ID=${project.id}`,
    'preflight check container IMAGE --submit',
  ].join('\n');
  return (
    <Card>
      <CardTitle component="h2">From a pipeline</CardTitle>
      <CardBody>
        <Content component="p">
          preflight and scripts for the certification API work against this server. They need an API key with the role
          operator: <Link to="/account">make one in your account</Link>.
        </Content>
        <CopyBlock text={text} what="the commands" />
      </CardBody>
    </Card>
  );
}

function Archive({ project }: { readonly project: Project }) {
  const confirm = useConfirm();
  const isArchived = project.status === 'archived';
  const move = useChange({
    call: async () =>
      await bodyOf(
        api.PATCH('/api/v1/projects/{projectId}', {
          params: { path: { projectId: project.id } },
          body: { status: isArchived ? 'active' : 'archived' },
        }),
      ),
    stale: ['projects'],
    done: isArchived ? 'The project is active again' : 'The project is archived',
    failed: 'The project was not changed',
  });
  const ask = async () => {
    const isSure = await confirm({
      title: `Archive the project "${project.name}"?`,
      body: 'Nothing can be published from it any more. Its images and results stay, what is in the catalogue too; it can be made active again.',
      action: 'Archive the project',
    });
    if (isSure) move.mutate(undefined);
  };
  return (
    <Card>
      <CardTitle component="h2">{isArchived ? 'It is archived' : 'Archive the project'}</CardTitle>
      <CardBody>
        {isArchived ? (
          <Button onClick={() => move.mutate(undefined)} isLoading={move.isPending}>
            Make it active again
          </Button>
        ) : (
          <>
            {project.certificationStatus === 'Published' && (
              <Alert
                variant="info"
                isInline
                isPlain
                title="Its published images stay in the catalogue; unpublish them first if they should not."
              />
            )}
            <Button variant="danger" onClick={() => void ask()} isLoading={move.isPending}>
              Archive…
            </Button>
          </>
        )}
      </CardBody>
    </Card>
  );
}

function draftOf(project: Project): ProjectBody {
  const { name, distributionMethod, registry, repository, osContentType, containerType, isPrivileged, autoPublish } =
    project;
  return {
    name,
    distributionMethod: DISTRIBUTION_METHODS.find(({ value }) => value === distributionMethod)?.value ?? 'external',
    registry,
    repository,
    osContentType: OS_CONTENT_TYPES.find(known => known === osContentType) ?? null,
    containerType: CONTAINER_TYPES.find(({ value }) => value === containerType)?.value ?? 'container',
    isPrivileged,
    autoPublish,
  };
}

function emptied(text: string | null | undefined): string | null {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? null : trimmed;
}
