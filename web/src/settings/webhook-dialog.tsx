/** A webhook: where it goes, and what it is told of. */
import { Checkbox, FormGroup, Gallery } from '@patternfly/react-core';
import { useState } from 'react';
import { api, bodyOf } from '../api/client.ts';
import type { EventKind, Webhook } from '../api/model.ts';
import { useChange } from '../feedback/use-change.ts';
import { CheckField, SelectField, TextField, Wrong } from '../form/fields.tsx';
import { FormDialog } from '../form/form-dialog.tsx';
import { mistakesOf } from '../form/violations.ts';
import { hasRole, useSession } from '../session/session.tsx';
import { useNamespaces } from '../shell/namespace.ts';
import { WEBHOOK_KINDS } from './webhook-kinds.ts';

/** `onClose` gets the secret of a webhook that was made, or whose secret was renewed. */
export function WebhookDialog({
  webhook,
  onClose,
}: {
  readonly webhook: Webhook | undefined;
  readonly onClose: (secret?: string) => void;
}) {
  const session = useSession();
  const { all, current } = useNamespaces();
  const mine = all.filter(({ id }) => hasRole(session, 'admin', id));
  const [name, setName] = useState(webhook?.name ?? '');
  const [url, setUrl] = useState(webhook?.url ?? '');
  const [chosenNamespace, setNamespace] = useState(webhook?.namespaceId ?? current?.id ?? '');
  const namespaceId = chosenNamespace === '' ? (mine[0]?.id ?? '') : chosenNamespace;
  const [kinds, setKinds] = useState<ReadonlySet<EventKind>>(new Set(webhook?.kinds ?? ['findings.new', 'run.failed']));
  const [minSeverity, setMinSeverity] = useState(String(webhook?.filter.minSeverity ?? ''));
  const [isEnabled, setEnabled] = useState(webhook?.isEnabled ?? true);
  const [rotatesSecret, setRotates] = useState(false);
  const save = useChange({
    call: async () => {
      const { minSeverity: _, ...kept } = webhook?.filter ?? {};
      const filter = { ...kept, ...(minSeverity === '' ? {} : { minSeverity: Number(minSeverity) }) };
      const body = { name: name.trim(), url: url.trim(), kinds: [...kinds], filter, isEnabled };
      if (webhook === undefined)
        return await bodyOf<{ secret?: string }>(api.POST('/api/v1/webhooks', { body: { ...body, namespaceId } }));
      return await bodyOf<{ secret?: string }>(
        api.PATCH('/api/v1/webhooks/{webhookId}', {
          params: { path: { webhookId: webhook.id } },
          headers: { 'if-match': `"r${webhook.revision}"` },
          body: { ...body, ...(rotatesSecret ? { rotatesSecret } : {}) },
        }),
      );
    },
    stale: ['webhooks'],
    done: `Webhook "${name}" is saved`,
    failed: false,
    onDone: ({ secret }) => onClose(secret),
  });
  const mistakes = mistakesOf(save.error);
  return (
    <FormDialog
      title={webhook === undefined ? 'New webhook' : `Webhook ${webhook.name}`}
      action="Save"
      error={save.error}
      fields={['name', 'url', 'kinds']}
      isBusy={save.isPending}
      isReady={name.trim() !== '' && url.trim() !== '' && kinds.size > 0}
      onSave={() => save.mutate(undefined)}
      onClose={() => onClose()}
    >
      <TextField label="Name" isRequired value={name} onChange={setName} wrong={mistakes.of('name')} />
      <TextField
        label="Address"
        isRequired
        value={url}
        onChange={setUrl}
        placeholder="https://hooks.example/plimsoll"
        help="Or mailto: and mailboxes, joined by commas, where this server sends mail."
        wrong={mistakes.of('url')}
      />
      {webhook === undefined && mine.length > 1 && (
        <SelectField
          label="Namespace"
          value={namespaceId}
          onChange={setNamespace}
          options={mine.map(({ id, displayName }) => ({ value: id, label: displayName }))}
        />
      )}
      <FormGroup role="group" label="Events" isRequired>
        <Gallery minWidths={{ default: '11rem' }}>
          {WEBHOOK_KINDS.map(([kind, title]) => (
            <Checkbox
              key={kind}
              id={`kind-${kind}`}
              label={title}
              isChecked={kinds.has(kind)}
              onChange={(_, isChosen) =>
                setKinds(new Set(isChosen ? [...kinds, kind] : [...kinds].filter(other => other !== kind)))
              }
            />
          ))}
        </Gallery>
        <Wrong violations={mistakes.of('kinds')} />
      </FormGroup>
      {kinds.has('findings.new') && (
        <SelectField
          label="Of new findings"
          value={minSeverity}
          onChange={setMinSeverity}
          options={[
            { value: '', label: 'All' },
            { value: '2', label: 'From low' },
            { value: '3', label: 'From medium' },
            { value: '4', label: 'From high' },
            { value: '5', label: 'Critical alone' },
          ]}
        />
      )}
      <CheckField label="Enabled" isChecked={isEnabled} onChange={setEnabled} />
      {webhook !== undefined && (
        <CheckField
          label="Make a new secret"
          help="The old one signs nothing any more."
          isChecked={rotatesSecret}
          onChange={setRotates}
        />
      )}
    </FormDialog>
  );
}
