/** Live updates for everything below, and the banner while the server is away. */

import { Banner, Button, Flex, FlexItem } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useSession } from '../session/session.tsx';
import { EventStream, type ServerPresence } from './event-stream.ts';

/** Follows events as long as it is shown. */
export function LiveUpdates({ children }: { readonly children: ReactNode }) {
  const client = useQueryClient();
  const [presence, setPresence] = useState<ServerPresence>('here');
  const stream = useRef<EventStream>(undefined);
  const { eventPosition } = useSession();
  // The session is asked for anew now and then; the stream goes on all the same.
  const [from] = useState(eventPosition);
  useEffect(() => {
    const opened = new EventStream(client, setPresence, from);
    stream.current = opened;
    return () => opened[Symbol.dispose]();
  }, [client, from]);
  return (
    <>
      {/* Present from the beginning, so that screen readers say what appears in it. */}
      <div role="status">
        {presence === 'away' && (
          <Banner color="yellow" isSticky>
            <Flex justifyContent={{ default: 'justifyContentCenter' }} alignItems={{ default: 'alignItemsCenter' }}>
              <FlexItem>The server cannot be reached. What you see may be old; it is tried again by itself.</FlexItem>
              <FlexItem>
                <Button variant="link" isInline onClick={() => stream.current?.reconnect()}>
                  Try now
                </Button>
              </FlexItem>
            </Flex>
          </Banner>
        )}
      </div>
      {children}
    </>
  );
}
