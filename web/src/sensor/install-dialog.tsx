/** Installing a sensor: a fresh token, and the commands that use it. */
import {
  Alert,
  Button,
  Content,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  Tab,
  Tabs,
  TabTitleText,
} from '@patternfly/react-core';
import { useState } from 'react';
import { api, bodyOf } from '../api/client.ts';
import { CopyBlock, CopyButton } from '../display/copy.tsx';
import { Time } from '../display/time.tsx';
import { useChange } from '../feedback/use-change.ts';
import { SelectField, TextField } from '../form/fields.tsx';
import { FormDialog } from '../form/form-dialog.tsx';
import { readLabels } from '../form/labels.ts';
import { mistakesOf } from '../form/violations.ts';

export function InstallDialog({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('');
  const [labels, setLabels] = useState('');
  const [minutes, setMinutes] = useState('60');
  const [way, setWay] = useState<string | number>('podman');
  const make = useChange({
    call: async () =>
      await bodyOf(
        api.POST('/api/v1/sensor-tokens', {
          body: { name: name.trim(), labels: readLabels(labels), lifeMinutes: Number(minutes) },
        }),
      ),
    stale: ['sensors'],
    failed: false,
  });
  const mistakes = mistakesOf(make.error);
  if (make.data === undefined) {
    return (
      <FormDialog
        title="Install a sensor"
        action="Make a token"
        error={make.error}
        fields={['name', 'labels']}
        isBusy={make.isPending}
        isReady={name.trim() !== ''}
        onSave={() => make.mutate(undefined)}
        onClose={onClose}
      >
        <TextField
          label="Name"
          isRequired
          value={name}
          onChange={setName}
          placeholder="east"
          wrong={mistakes.of('name')}
        />
        <TextField
          label="Labels"
          value={labels}
          onChange={setLabels}
          placeholder="zone=dc1, gpu"
          help="Registries and scan jobs choose sensors by them."
          wrong={mistakes.of('labels')}
        />
        <SelectField
          label="The token is good for"
          value={minutes}
          onChange={setMinutes}
          options={[
            { value: '60', label: 'An hour' },
            { value: '1440', label: 'A day' },
            { value: '10080', label: 'A week' },
          ]}
        />
      </FormDialog>
    );
  }
  const { token, ways, expiresAt } = make.data;
  const image = /\bplimsoll:[\w.-]+/.exec(ways[0]?.text ?? '')?.[0];
  return (
    <Modal isOpen variant="large" aria-labelledby="install-title">
      <ModalHeader title={`Start the sensor "${name}"`} labelId="install-title" />
      <ModalBody>
        <Alert
          variant="warning"
          isInline
          title={
            <>
              The token is shown this once. It makes one sensor, until <Time at={expiresAt} />.
            </>
          }
        >
          <code className="plimsoll-name">{token}</code> <CopyButton text={token} what="the token" />
        </Alert>
        <Tabs activeKey={way} onSelect={(_, key) => setWay(key)} aria-label="Ways to start it">
          {ways.map(({ kind, title, note, text }) => (
            <Tab key={kind} eventKey={kind} title={<TabTitleText>{title}</TabTitleText>}>
              <Content component="p" className="plimsoll-apart">
                {note}
                {text.includes(`${image}`) && (
                  <>
                    {' '}
                    <code>{image}</code> stands for your image of Plimsoll.
                  </>
                )}
              </Content>
              <CopyBlock text={text} what={`the commands for ${title}`} />
            </Tab>
          ))}
        </Tabs>
        <Content>
          <p>
            The sensor connects to this server and to registries; nothing connects to it. It appears in the list within
            a minute.
          </p>
        </Content>
      </ModalBody>
      <ModalFooter>
        <Button onClick={onClose}>I have it</Button>
      </ModalFooter>
    </Modal>
  );
}
