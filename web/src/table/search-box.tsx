/** The search of a list: asks the server when typing rests, and is part of the address. */
import { SearchInput } from '@patternfly/react-core';
import { useEffect, useState } from 'react';
import { useNavigation } from 'react-router';
import type { ListViewState } from './use-list-view.ts';

const REST_MS = 300;

/** `label`: what is searched: `Search registries`. */
export function SearchBox({ view, label }: { readonly view: ListViewState; readonly label: string }) {
  const [text, setText] = useState(view.search);
  const { search, change } = view;
  const isLeaving = useNavigation().state !== 'idle';
  useEffect(() => setText(search), [search]);
  useEffect(() => {
    // Whoever has clicked on a link while the search still waited wants to go there: a change of the address would call that off.
    if (text.trim() === search || isLeaving) return undefined;
    const timer = setTimeout(() => change({ search: text }), REST_MS);
    return () => clearTimeout(timer);
  }, [text, search, change, isLeaving]);
  return (
    <SearchInput
      aria-label={label}
      placeholder={label}
      value={text}
      onChange={(_, value) => setText(value)}
      onClear={() => {
        setText('');
        change({ search: '' });
      }}
    />
  );
}
