/** A form in a dialog. */
import { Button, Form, Modal, ModalBody, ModalFooter, ModalHeader, type ModalProps } from '@patternfly/react-core';
import { type ReactNode, useId } from 'react';
import { FormFailure } from './form-failure.tsx';

export function FormDialog({
  title,
  action,
  children,
  error,
  fields = [],
  isBusy = false,
  isReady = true,
  variant = 'medium',
  onSave,
  onClose,
}: {
  readonly title: string;
  /** The verb on the button. */
  readonly action: string;
  readonly children: ReactNode;
  /** Of the last attempt; `fields` show their own mistakes. */
  readonly error?: unknown;
  readonly fields?: readonly string[];
  readonly isBusy?: boolean;
  readonly isReady?: boolean;
  readonly variant?: NonNullable<ModalProps['variant']>;
  readonly onSave: () => void;
  readonly onClose: () => void;
}) {
  const id = useId();
  return (
    <Modal isOpen variant={variant} onClose={onClose} aria-labelledby={`${id}-title`}>
      <ModalHeader title={title} labelId={`${id}-title`} />
      <ModalBody>
        <Form
          id={id}
          onSubmit={event => {
            event.preventDefault();
            if (isReady && !isBusy) onSave();
          }}
        >
          <FormFailure error={error} title="It was not saved" fields={fields} />
          {children}
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form={id} isLoading={isBusy} isDisabled={isBusy || !isReady}>
          {action}
        </Button>
        <Button variant="link" onClick={onClose}>
          Leave
        </Button>
      </ModalFooter>
    </Modal>
  );
}
