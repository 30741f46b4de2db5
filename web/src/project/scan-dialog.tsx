/** *Scan new image*: which one, under which tag, and with which pull secret. Each way to get one wrong is said beside its field. */
import { Alert, FormGroup, Radio } from '@patternfly/react-core';
import { useState } from 'react';
import { ApiProblem, api, bodyOf } from '../api/client.ts';
import type { Project, ProjectRequest, Violation } from '../api/model.ts';
import { sentenceOf } from '../feedback/answer.tsx';
import { useChange } from '../feedback/use-change.ts';
import { TextField } from '../form/fields.tsx';
import { FormDialog } from '../form/form-dialog.tsx';
import { mistakesOf } from '../form/violations.ts';
import { PullSecretField, savePullSecret } from './pull-secret.tsx';

const FIELDS = ['pullSpec', 'tag', 'pullSecret'];

export function ScanDialog({ project, onClose }: { readonly project: Project; readonly onClose: () => void }) {
  const [pullSpec, setSpec] = useState('');
  const [tag, setTag] = useState('');
  const [isNewSecret, setNewSecret] = useState(false);
  const [secret, setSecret] = useState('');
  const scan = useChange({
    call: async (): Promise<ProjectRequest> => {
      // A secret that is wrong is no reason to have asked for a scan already.
      if (isNewSecret && secret.trim() !== '') {
        try {
          await savePullSecret(project.id, secret);
        } catch (error) {
          throw new SecretProblem(error);
        }
      }
      const params = { path: { projectId: project.id } };
      const body = { pullSpec: pullSpec.trim(), tag: tag.trim() };
      return await bodyOf(api.POST('/api/v1/projects/{projectId}/scans', { params, body }));
    },
    stale: ['projects'],
    done: 'The scan is asked for',
    failed: false,
    onDone: onClose,
  });
  const mistakes = mistakesOf(scan.error);
  const secretMistakes: readonly Violation[] =
    scan.error instanceof SecretProblem ? [{ field: 'pullSecret', message: sentenceOf(scan.error) }] : [];
  const hasOwn = [...FIELDS.flatMap(field => mistakes.of(field)), ...secretMistakes].length > 0;
  const { pullSecret, registry, repository } = project;
  return (
    <FormDialog
      title="Scan new image"
      action="Scan"
      // What a field says is not said twice.
      error={hasOwn ? undefined : scan.error}
      isBusy={scan.isPending}
      onSave={() => scan.mutate(undefined)}
      onClose={onClose}
    >
      {registry !== null && (
        <Alert
          variant="info"
          isInline
          title={
            <span className="plimsoll-name">
              It is catalogued at {registry}/{repository ?? ''}, wherever it is scanned: see to it that it is there.
            </span>
          }
        />
      )}
      <TextField
        label="Pull spec"
        isRequired
        value={pullSpec}
        onChange={setSpec}
        placeholder={`${registry ?? 'registry.example.com'}/${repository ?? 'acme/app'}@sha256:…`}
        help="Registry, repository and digest: a tag may name another image tomorrow."
        wrong={mistakes.of('pullSpec')}
      />
      <TextField
        label="Tag"
        isRequired
        value={tag}
        onChange={setTag}
        placeholder="1.0-1"
        help="What the image is called in this project."
        wrong={mistakes.of('tag')}
      />
      {!project.isHosted && (
        <FormGroup role="radiogroup" label="Pull secret" fieldId="secret-kept">
          <Radio
            id="secret-kept"
            name="secret"
            label={
              <span className="plimsoll-name">
                {pullSecret === null
                  ? 'None: anybody may pull the image'
                  : `The one that is kept, for ${pullSecret.entry}`}
              </span>
            }
            isChecked={!isNewSecret}
            onChange={() => setNewSecret(false)}
          />
          <Radio
            id="secret-new"
            name="secret"
            label={pullSecret === null ? 'Save one now' : 'Save another in its place'}
            isChecked={isNewSecret}
            onChange={() => setNewSecret(true)}
          />
        </FormGroup>
      )}
      {isNewSecret && <PullSecretField value={secret} onChange={setSecret} wrong={secretMistakes} />}
    </FormDialog>
  );
}

/** That the pull secret was refused, and not the scan. */
class SecretProblem extends Error {
  constructor(cause: unknown) {
    super(cause instanceof ApiProblem ? cause.message : sentenceOf(cause), { cause });
    this.name = 'SecretProblem';
  }
}
