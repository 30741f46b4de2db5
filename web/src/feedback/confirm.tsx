/** Asking before something is destroyed: by its name, and saying what goes with it. */
import { Button, Content, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { createContext, type ReactNode, use, useCallback, useRef, useState } from 'react';

/** What is asked. */
export interface Question {
  /** `Delete the scan job "nightly"?` */
  readonly title: string;
  /** What is lost, and what stays. */
  readonly body: ReactNode;
  /** The verb on the button: `Delete`. */
  readonly action: string;
  readonly isDanger?: boolean;
}

const ConfirmContext = createContext<(question: Question) => Promise<boolean>>(async () => false);

/** `if (await confirm({ … })) change.mutate(…)`. */
export function useConfirm(): (question: Question) => Promise<boolean> {
  return use(ConfirmContext);
}

export function ConfirmProvider({ children }: { readonly children: ReactNode }) {
  const [question, setQuestion] = useState<Question>();
  const settle = useRef<(answer: boolean) => void>(undefined);
  const ask = useCallback((asked: Question) => {
    settle.current?.(false);
    setQuestion(asked);
    return new Promise<boolean>(resolve => {
      settle.current = resolve;
    });
  }, []);
  const answer = (isYes: boolean) => {
    setQuestion(undefined);
    settle.current?.(isYes);
    settle.current = undefined;
  };
  return (
    <ConfirmContext value={ask}>
      {children}
      {question !== undefined && (
        <Modal
          isOpen
          variant="small"
          onClose={() => answer(false)}
          aria-labelledby="confirm-title"
          aria-describedby="confirm-body"
        >
          <ModalHeader
            title={question.title}
            labelId="confirm-title"
            {...(question.isDanger === false ? {} : { titleIconVariant: 'warning' as const })}
          />
          <ModalBody id="confirm-body">
            <Content>{question.body}</Content>
          </ModalBody>
          <ModalFooter>
            <Button variant={question.isDanger === false ? 'primary' : 'danger'} onClick={() => answer(true)}>
              {question.action}
            </Button>
            <Button variant="link" onClick={() => answer(false)}>
              Keep as it is
            </Button>
          </ModalFooter>
        </Modal>
      )}
    </ConfirmContext>
  );
}
