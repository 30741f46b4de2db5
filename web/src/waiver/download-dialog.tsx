/** The waivers that hold, as the file that `plimsoll scan` takes: for pipelines that scan before they push. */
import { Button, Content, Form, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { CopyBlock } from '../display/copy.tsx';
import { SelectField, TextField } from '../form/fields.tsx';
import { registriesQuery } from '../registry/registry-queries.ts';
import { useNamespaces } from '../shell/namespace.ts';
import { documentPath } from './waiver-queries.ts';

const FILE = '.plimsollignore.yaml';

export function DownloadDialog({
  namespace: chosen,
  onClose,
}: {
  /** That is looked at. */
  readonly namespace: string | undefined;
  readonly onClose: () => void;
}) {
  const { all } = useNamespaces();
  const [own, setOwn] = useState(chosen);
  const namespace = own ?? all[0]?.id ?? '';
  const [registry, setRegistry] = useState('');
  const [repository, setRepository] = useState('');
  const registries = useQuery({ ...registriesQuery({ namespace }), enabled: namespace !== '' });
  const path = documentPath({ namespace, registry, repository: repository.trim() });
  const commands = [
    `curl --fail --silent --show-error --header "Authorization: Bearer $PLIMSOLL_API_KEY" \\`,
    `  --output ${FILE} '${window.location.origin}${path}'`,
    'plimsoll scan registry.example/team/app:1.0',
  ].join('\n');
  return (
    <Modal isOpen variant="medium" onClose={onClose} aria-labelledby="waiver-file-title">
      <ModalHeader title="Waivers as a file" labelId="waiver-file-title" />
      <ModalBody>
        <Form onSubmit={event => event.preventDefault()}>
          {all.length > 1 && (
            <SelectField
              label="Namespace"
              value={namespace}
              onChange={id => {
                setOwn(id);
                setRegistry('');
              }}
              options={all.map(({ id, displayName }) => ({ value: id, label: displayName }))}
            />
          )}
          <SelectField
            label="Registry"
            value={registry}
            onChange={setRegistry}
            options={[
              { value: '', label: 'Only what is waived in the whole namespace' },
              ...(registries.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name })),
            ]}
            help="A file knows no registries: it has what holds for all that you name here, and nothing more."
          />
          {registry !== '' && (
            <TextField
              label="Repository"
              value={repository}
              onChange={setRepository}
              help="Its full name, for what is waived in it alone."
            />
          )}
        </Form>
        <Content component="p" className="plimsoll-apart">
          A pipeline fetches it with an API key, and scans before it pushes; <code>plimsoll scan</code> reads {FILE} in
          the folder where it runs.
        </Content>
        <CopyBlock text={commands} what="the commands" />
      </ModalBody>
      <ModalFooter>
        <Button component="a" href={path} download={FILE} isDisabled={namespace === ''}>
          Download
        </Button>
        <Button variant="link" onClick={onClose}>
          Close
        </Button>
      </ModalFooter>
    </Modal>
  );
}
