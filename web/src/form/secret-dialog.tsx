/** A secret that is shown this once. */
import { Alert, Button, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { CopyBlock } from '../display/copy.tsx';

export function SecretDialog({
  title,
  what,
  secret,
  children,
  onClose,
}: {
  readonly title: string;
  /** `the key`. */
  readonly what: string;
  readonly secret: string;
  readonly children?: ReactNode;
  readonly onClose: () => void;
}) {
  return (
    // It closes by its button alone: a slip of the mouse must not cost the secret.
    <Modal isOpen variant="medium" aria-labelledby="secret-title">
      <ModalHeader title={title} labelId="secret-title" />
      <ModalBody>
        <Alert variant="warning" isInline title="Copy it now: it is shown this once, and kept nowhere." />
        <CopyBlock text={secret} what={what} />
        {children}
      </ModalBody>
      <ModalFooter>
        <Button onClick={onClose}>I have it</Button>
      </ModalFooter>
    </Modal>
  );
}
