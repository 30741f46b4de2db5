/** What happened in a run, in the order of time. */
import { Button, List, ListItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { EventKind } from '../api/model.ts';
import { Time } from '../display/time.tsx';
import { Answer } from '../feedback/answer.tsx';
import { runEventsQuery } from './run-queries.ts';

const TITLES: Readonly<Partial<Record<EventKind, string>>> = {
  'run.queued': 'Queued',
  'run.started': 'Started',
  'run.paused': 'Held',
  'run.resumed': 'Went on',
  'run.completed': 'Completed',
  'run.failed': 'Failed',
  'run.cancelled': 'Cancelled',
  'image.found': 'Images found',
  'image.scanned': 'Image scanned',
  'image.failed': 'Image failed',
  'tag.moved': 'Tag moved',
  'findings.new': 'New findings',
};
const SHOWN = 20;

export function RunEvents({ runId }: { readonly runId: string }) {
  const events = useQuery(runEventsQuery(runId));
  const [isAll, setAll] = useState(false);
  return (
    <Answer
      of={events}
      what="events"
      isEmpty={list => list.length === 0}
      empty={<p className="plimsoll-quiet">Nothing yet.</p>}
    >
      {list => {
        // Progress is shown above; here it would drown the rest.
        const told = list.filter(({ kind }) => kind !== 'run.progress').reverse();
        return (
          <>
            <List isPlain>
              {(isAll ? told : told.slice(0, SHOWN)).map(({ id, at, kind, data }) => (
                <ListItem key={id} className="plimsoll-name">
                  <span className="plimsoll-quiet">
                    <Time at={at} />
                  </span>{' '}
                  {TITLES[kind] ?? kind}
                  {about(data)}
                </ListItem>
              ))}
            </List>
            {told.length > SHOWN && !isAll && (
              <Button variant="link" isInline onClick={() => setAll(true)}>
                Show all {told.length}
              </Button>
            )}
          </>
        );
      }}
    </Answer>
  );
}

/** The words of an event that say what it is about. */
function about(data: Readonly<Record<string, unknown>>): string {
  const words = ['repository', 'tag', 'digest', 'reason', 'message']
    .map(name => data[name])
    .filter((value): value is string => typeof value === 'string');
  return words.length === 0 ? '' : `: ${words.join(' ')}`;
}
