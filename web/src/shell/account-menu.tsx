/** Who has signed in, and the way out. */
import { Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import { UserIcon } from '@patternfly/react-icons/dist/esm/icons/user-icon';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { api, setCsrfToken } from '../api/client.ts';
import { useChange } from '../feedback/use-change.ts';
import { useSession } from '../session/session.tsx';
import { sessionQuery } from '../session/session-queries.ts';
import { chooseTheme, type ThemeChoice, useTheme } from './theme.ts';

const THEMES: readonly (readonly [ThemeChoice, string])[] = [
  ['system', 'Colours of the system'],
  ['light', 'Light colours'],
  ['dark', 'Dark colours'],
];

export function AccountMenu() {
  const { account } = useSession();
  const { choice } = useTheme();
  const [isOpen, setOpen] = useState(false);
  const client = useQueryClient();
  const navigate = useNavigate();
  const signOut = useChange({
    call: async () => await api.DELETE('/api/v1/session'),
    stale: [],
    failed: 'Could not sign out',
    onDone: () => {
      setCsrfToken(undefined);
      // Nothing that this account saw stays for the next.
      client.clear();
      client.setQueryData(sessionQuery.queryKey, null);
      void navigate('/sign-in');
    },
  });
  return (
    <Dropdown
      isOpen={isOpen}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      popperProps={{ position: 'right' }}
      toggle={ref => (
        <MenuToggle
          ref={ref}
          isExpanded={isOpen}
          onClick={() => setOpen(!isOpen)}
          icon={<UserIcon />}
          aria-label={`${account.displayName}: account`}
        >
          <span className="plimsoll-wide">{account.displayName}</span>
        </MenuToggle>
      )}
    >
      <DropdownList>
        <DropdownItem key="account" onClick={() => void navigate('/account')}>
          My account
        </DropdownItem>
        {THEMES.map(([theme, title]) => (
          <DropdownItem key={theme} isSelected={choice === theme} onClick={() => chooseTheme(theme)}>
            {title}
          </DropdownItem>
        ))}
        <DropdownItem key="api" to="/api/docs" target="_blank" rel="noreferrer">
          API reference
        </DropdownItem>
        <DropdownItem key="out" onClick={() => signOut.mutate(undefined)}>
          Sign out
        </DropdownItem>
      </DropdownList>
    </Dropdown>
  );
}
