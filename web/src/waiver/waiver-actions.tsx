/** What can be done with a waiver that holds: change its reason and last day, or end it. */
import type { IAction } from '@patternfly/react-table';
import { type ReactNode, useState } from 'react';
import type { Waiver } from '../api/model.ts';
import { useConfirm } from '../feedback/confirm.tsx';
import { useChange } from '../feedback/use-change.ts';
import { TextField } from '../form/fields.tsx';
import { FormDialog } from '../form/form-dialog.tsx';
import { mistakesOf } from '../form/violations.ts';
import { hasRole, useSession } from '../session/session.tsx';
import { changeWaiver, endWaiver, STALE_BY_WAIVER } from './waiver-queries.ts';

/** A waiver, as far as ending it goes. */
export type Endable = Pick<Waiver, 'id' | 'vulnerability'>;

/** Asks, and ends it. */
export function useEndWaiver(): (waiver: Endable) => Promise<void> {
  const confirm = useConfirm();
  const end = useChange({
    call: async ({ id }: Endable) => await endWaiver(id),
    stale: STALE_BY_WAIVER,
    done: (_, { vulnerability }) => `The waiver of ${vulnerability} is ended`,
    failed: 'The waiver was not ended',
  });
  return async waiver => {
    const isSure = await confirm({
      title: `End the waiver of ${waiver.vulnerability}?`,
      body: 'What it sets aside is counted again, wherever it holds. The waiver stays in the list, as ended, and is not revived.',
      action: 'End the waiver',
    });
    if (isSure) end.mutate(waiver);
  };
}

/** Entries of the menu of a waiver, and the dialog that one of them opens. */
export function useWaiverActions(): { readonly actionsOf: (waiver: Waiver) => IAction[]; readonly dialog: ReactNode } {
  const session = useSession();
  const end = useEndWaiver();
  const [edited, setEdited] = useState<Waiver>();
  return {
    actionsOf: waiver =>
      waiver.state === 'active' && hasRole(session, 'operator', waiver.namespaceId)
        ? [
            { title: 'Edit …', onClick: () => setEdited(waiver) },
            { title: 'End the waiver', isDanger: true, onClick: () => void end(waiver) },
          ]
        : [],
    dialog:
      edited === undefined ? null : <EditDialog key={edited.id} waiver={edited} onClose={() => setEdited(undefined)} />,
  };
}

function EditDialog({ waiver, onClose }: { readonly waiver: Waiver; readonly onClose: () => void }) {
  const [reason, setReason] = useState(waiver.reason);
  const [expiresOn, setExpiresOn] = useState(waiver.expiresOn ?? '');
  const save = useChange({
    call: async () =>
      await changeWaiver(waiver, { reason: reason.trim(), expiresOn: expiresOn === '' ? null : expiresOn }),
    stale: STALE_BY_WAIVER,
    done: `The waiver of ${waiver.vulnerability} is changed`,
    failed: false,
    onDone: onClose,
  });
  const mistakes = mistakesOf(save.error);
  return (
    <FormDialog
      title={`Waiver of ${waiver.vulnerability}${waiver.package === null ? '' : ` in ${waiver.package}`}`}
      action="Save"
      error={save.error}
      fields={['reason', 'expiresOn']}
      isBusy={save.isPending}
      isReady={reason.trim() !== ''}
      onSave={() => save.mutate(undefined)}
      onClose={onClose}
    >
      <TextField label="Reason" isRequired rows={3} value={reason} onChange={setReason} wrong={mistakes.of('reason')} />
      <TextField
        label="Last day"
        type="date"
        value={expiresOn}
        onChange={setExpiresOn}
        help="In UTC. Without one it holds until somebody ends it."
        wrong={mistakes.of('expiresOn')}
      />
    </FormDialog>
  );
}
