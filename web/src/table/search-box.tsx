/** The search of a list: asks the server when typing rests, and is part of the address. */
import { SearchInput } from '@patternfly/react-core';
import { useEffect, useState } from 'react';
import type { ListViewState } from './use-list-view.ts';

const REST_MS = 300;

/** `label`: what is searched: `Search registries`. */
export function SearchBox({ view, label }: { readonly view: ListViewState; readonly label: string }) {
  const [text, setText] = useState(view.search);
  const { search, change } = view;
  useEffect(() => setText(search), [search]);
  useEffect(() => {
    if (text.trim() === search) return undefined;
    const timer = setTimeout(() => change({ search: text }), REST_MS);
    return () => clearTimeout(timer);
  }, [text, search, change]);
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
