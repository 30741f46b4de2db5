/** Text to take away: a block of commands or a secret, with a button that copies it. */
import { ClipboardCopyButton, CodeBlock, CodeBlockAction, CodeBlockCode } from '@patternfly/react-core';
import { useEffect, useId, useState } from 'react';

/** A block of code; `what` names it for the button: `commands`. */
export function CopyBlock({ text, what }: { readonly text: string; readonly what: string }) {
  const id = useId();
  return (
    <CodeBlock
      actions={
        <CodeBlockAction>
          <CopyButton text={text} what={what} codeId={id} />
        </CodeBlockAction>
      }
    >
      <CodeBlockCode id={id}>{text}</CodeBlockCode>
    </CodeBlock>
  );
}

/** A button that copies `text`. */
export function CopyButton({
  text,
  what,
  codeId,
}: {
  readonly text: string;
  readonly what: string;
  readonly codeId?: string;
}) {
  const own = useId();
  const [state, setState] = useState<'ready' | 'copied' | 'failed'>('ready');
  useEffect(() => {
    if (state === 'ready') return undefined;
    const timer = setTimeout(() => setState('ready'), 2000);
    return () => clearTimeout(timer);
  }, [state]);
  const words = { ready: `Copy ${what}`, copied: 'Copied', failed: 'Select it and copy it by hand' };
  return (
    <ClipboardCopyButton
      id={`${own}-button`}
      textId={codeId ?? own}
      aria-label={`Copy ${what}`}
      variant="plain"
      onClick={() => void copyText(text).then(isCopied => setState(isCopied ? 'copied' : 'failed'))}
    >
      {words[state]}
    </ClipboardCopyButton>
  );
}

/** Whether it could be copied: browsers give the clipboard to pages on https and on this machine alone. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
