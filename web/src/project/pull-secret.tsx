/** Pull secrets go in and never come out: pasted or chosen as a file. */
import { FileUpload, FormGroup, FormHelperText, HelperText, HelperTextItem } from '@patternfly/react-core';
import { useId, useState } from 'react';
import { api, bodyOf } from '../api/client.ts';
import type { Project, Violation } from '../api/model.ts';
import { Wrong } from '../form/fields.tsx';

/** What the server takes; a file of a thousand log-ins has 200 kB. */
const MAX_BYTES = 1024 * 1024;

/** Saves a pull secret; of several entries the fitting one is kept. */
export async function savePullSecret(projectId: string, pullSecret: string): Promise<Project> {
  const params = { path: { projectId } };
  return await bodyOf(api.PUT('/api/v1/projects/{projectId}/pull-secret', { params, body: { pullSecret } }));
}

/** Where one is pasted, or a file chosen. */
export function PullSecretField({
  value,
  onChange,
  wrong,
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly wrong: readonly Violation[];
}) {
  const id = useId();
  const [file, setFile] = useState('');
  const [isTooLarge, setTooLarge] = useState(false);
  const tooLarge = [{ field: 'pullSecret', message: 'The file is larger than 1 MB, which no file of log-ins is' }];
  return (
    <FormGroup label="config.json" fieldId={id} isRequired>
      <FileUpload
        id={id}
        type="text"
        value={value}
        filename={file}
        filenamePlaceholder="Drop a file here, choose one, or paste its text"
        browseButtonText="Choose…"
        allowEditingUploadedText
        spellCheck={false}
        autoComplete="off"
        aria-label="Text of config.json"
        onFileInputChange={(_, chosen) => {
          setTooLarge(chosen.size > MAX_BYTES);
          if (chosen.size > MAX_BYTES) return;
          setFile(chosen.name);
          void chosen.text().then(onChange);
        }}
        onTextChange={(_, text) => onChange(text)}
        onClearClick={() => {
          setFile('');
          onChange('');
        }}
      />
      <Wrong violations={isTooLarge ? tooLarge : wrong} />
      <FormHelperText>
        <HelperText>
          <HelperTextItem>
            As <code>podman login --authfile config.json REGISTRY</code> writes it, or a Kubernetes secret with it. One
            entry is kept: the one for the registry of the project.
          </HelperTextItem>
        </HelperText>
      </FormHelperText>
    </FormGroup>
  );
}
