/** Above a form: why it was refused, as far as no field says it. */
import { Alert, List, ListItem } from '@patternfly/react-core';
import { ApiProblem } from '../api/client.ts';
import { sentenceOf } from '../feedback/answer.tsx';
import { mistakesOf } from './violations.ts';

/** `fields`: those that show their own mistakes. */
export function FormFailure({
  error,
  title,
  fields = [],
}: {
  readonly error: unknown;
  readonly title: string;
  readonly fields?: readonly string[];
}) {
  if (error === null || error === undefined) return null;
  const rest = mistakesOf(error).besides(fields);
  const requestId = error instanceof ApiProblem ? error.requestId : undefined;
  return (
    <Alert variant="danger" isInline title={title} aria-live="polite">
      {sentenceOf(error)}
      {rest.length > 0 && (
        <List>
          {rest.map(({ field, message, remedy }) => (
            <ListItem key={`${field}${message}`}>{[message, remedy].filter(Boolean).join('. ')}</ListItem>
          ))}
        </List>
      )}
      {requestId !== undefined && <div className="plimsoll-quiet">Request {requestId}</div>}
    </Alert>
  );
}
