/** How the image of a project is built: the Git source and how to log in there, the Dockerfile, and what happens by itself. */
import { Alert, Button, List, ListItem } from '@patternfly/react-core';
import { useState } from 'react';
import { api, bodyOf } from '../api/client.ts';
import type { BuildConfiguration, BuildSourceReport, Project } from '../api/model.ts';
import { sentenceOf } from '../feedback/answer.tsx';
import { useChange } from '../feedback/use-change.ts';
import { CheckField, SelectField, TextField } from '../form/fields.tsx';
import { FormDialog } from '../form/form-dialog.tsx';
import { type BuildDraft, draftOf, toBody } from './build-draft.ts';

const LOGINS: readonly { readonly value: BuildDraft['login']; readonly label: string }[] = [
  { value: 'none', label: 'None: everybody may clone it' },
  { value: 'token', label: 'A token, over HTTPS' },
  { value: 'ssh-key', label: 'A private key, over SSH' },
];

export function ConfigureDialog({
  project,
  configuration,
  onClose,
}: {
  readonly project: Project;
  readonly configuration: BuildConfiguration | null;
  readonly onClose: () => void;
}) {
  const [draft, setDraft] = useState(() => draftOf(configuration));
  const change = (next: Partial<BuildDraft>) => setDraft(now => ({ ...now, ...next }));
  const params = { path: { projectId: project.id } };
  const save = useChange({
    call: async (_: undefined) =>
      await bodyOf(
        api.PUT('/api/v1/projects/{projectId}/build-configuration', { params, body: toBody(draft, configuration) }),
      ),
    stale: ['builds', 'projects'],
    done: 'The build service is set up',
    failed: false,
    onDone: onClose,
  });
  const test = useChange({
    call: async (_: undefined) =>
      await bodyOf(
        api.POST('/api/v1/projects/{projectId}/build-configuration/test', {
          params,
          body: toBody(draft, configuration),
        }),
      ),
    stale: [],
    failed: false,
  });
  const logins =
    configuration === null || configuration.login.kind === 'none'
      ? LOGINS
      : [
          { value: 'keep' as const, label: `Keep the ${configuration.login.kind === 'token' ? 'token' : 'key'}` },
          ...LOGINS,
        ];
  const login = logins.some(({ value }) => value === draft.login) ? draft.login : 'none';
  return (
    <FormDialog
      title="Configure the build service"
      action="Save"
      variant="large"
      error={save.error}
      isBusy={save.isPending}
      isReady={draft.url.trim() !== ''}
      onSave={() => save.mutate(undefined)}
      onClose={onClose}
    >
      <CheckField
        label="Build the image of this project"
        isChecked={draft.isEnabled}
        onChange={isEnabled => change({ isEnabled })}
      />
      <TextField
        label="Git source"
        isRequired
        value={draft.url}
        onChange={url => change({ url })}
        placeholder="https://git.example/team/app.git"
        help="HTTPS or SSH, without a password in it."
      />
      <TextField
        label="Branch or tag"
        value={draft.ref}
        onChange={ref => change({ ref })}
        help="Empty: the branch that the repository shows first."
      />
      <SelectField label="Log-in" value={login} onChange={next => change({ login: next })} options={logins} />
      {login === 'token' && (
        <TextField
          label="Token"
          type="password"
          isRequired
          value={draft.token}
          onChange={token => change({ token })}
          help="With the right to read the repository. It is kept sealed and never shown again."
        />
      )}
      {login === 'ssh-key' && (
        <TextField
          label="Private key"
          rows={6}
          isRequired
          value={draft.privateKey}
          onChange={privateKey => change({ privateKey })}
          placeholder="-----BEGIN OPENSSH PRIVATE KEY-----"
          help="With its BEGIN and END lines, without a passphrase. It is kept sealed and never shown again."
        />
      )}
      {configuration?.login.publicKey != null && login === 'keep' && (
        <p className="plimsoll-name plimsoll-quiet">
          Its public key: <code>{configuration.login.publicKey}</code>
        </p>
      )}
      {configuration !== null && configuration.hostKeys.length > 0 && (
        <CheckField
          label="Trust whatever key the Git host shows next"
          help="The key that it showed first is pinned. Choose this only when you know that it was changed."
          isChecked={draft.forgetsHostKeys}
          onChange={forgetsHostKeys => change({ forgetsHostKeys })}
        />
      )}
      <TextField
        label="Certificates of the Git host"
        rows={2}
        value={draft.caPem}
        onChange={caPem => change({ caPem })}
        placeholder="-----BEGIN CERTIFICATE-----"
        help={
          configuration?.source.hasOwnCertificates === true
            ? 'There are some; others take their place.'
            : 'PEM, where a private authority signed for it.'
        }
      />
      <TextField label="Dockerfile" value={draft.dockerfile} onChange={dockerfile => change({ dockerfile })} />
      <TextField
        label="Folder"
        value={draft.context}
        onChange={context => change({ context })}
        help="What the build sees; a dot is all of the repository."
      />
      <Button
        variant="secondary"
        isLoading={test.isPending}
        isDisabled={test.isPending || draft.url.trim() === ''}
        onClick={() => test.mutate(undefined)}
      >
        Test the source
      </Button>
      <div aria-live="polite">
        {test.isError && (
          <Alert variant="danger" isInline title="The source cannot be used">
            {sentenceOf(test.error)}
          </Alert>
        )}
        {test.data !== undefined && !test.isPending && <Found report={test.data} dockerfile={draft.dockerfile} />}
      </div>
      <CheckField
        label="Clone submodules, too"
        isChecked={draft.wantsSubmodules}
        onChange={wantsSubmodules => change({ wantsSubmodules })}
      />
      <CheckField
        label="Fetch files of Git LFS"
        isChecked={draft.wantsLfs}
        onChange={wantsLfs => change({ wantsLfs })}
      />
      <TextField
        label="Build arguments"
        rows={3}
        value={draft.buildArguments}
        onChange={buildArguments => change({ buildArguments })}
        placeholder="NAME=VALUE"
        help="One a line. A name alone keeps the value that it has; values are never shown again."
      />
      <TextField
        label="Platforms"
        rows={2}
        value={draft.platforms}
        onChange={platforms => change({ platforms })}
        placeholder="linux/amd64"
        help="One a line; empty: that of the builder."
      />
      <TextField
        label="Log-ins for base images"
        rows={3}
        value={draft.pullSecret}
        onChange={pullSecret => change({ pullSecret })}
        help={
          configuration === null || configuration.pullHosts.length === 0
            ? 'A config.json, where base images are not for everybody.'
            : `There are some for ${configuration.pullHosts.join(', ')}; a config.json takes their place.`
        }
      />
      <CheckField
        label="Build again by itself"
        help="When a fix appears for a package of a published image, its base image moves, or its distribution has newer packages."
        isChecked={draft.autoRebuild}
        onChange={autoRebuild => change({ autoRebuild })}
      />
      <CheckField
        label="Publish what passes its checks"
        isChecked={draft.autoPublish}
        onChange={autoPublish => change({ autoPublish })}
      />
    </FormDialog>
  );
}

function Found({ report, dockerfile }: { readonly report: BuildSourceReport; readonly dockerfile: string }) {
  const { commit, ref, hasDockerfile, froms, hostKeyFingerprints, warnings } = report;
  return (
    <Alert
      variant={hasDockerfile ? 'success' : 'warning'}
      isInline
      title={hasDockerfile ? 'The source can be built' : `There is no ${dockerfile} there`}
    >
      <List isPlain className="plimsoll-name">
        <ListItem>
          {ref} is at <code>{commit.slice(0, 12)}</code>
        </ListItem>
        {froms.length > 0 && <ListItem>Built on {froms.join(', ')}</ListItem>}
        {hostKeyFingerprints.map(fingerprint => (
          <ListItem key={fingerprint}>
            The host shows the key <code>{fingerprint}</code>
          </ListItem>
        ))}
        {warnings.map(warning => (
          <ListItem key={warning}>{warning}</ListItem>
        ))}
      </List>
    </Alert>
  );
}
