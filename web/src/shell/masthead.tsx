/** The bar at the top: where one is, search, the namespace, light or dark, and the account. */
import {
  Masthead,
  MastheadBrand,
  MastheadContent,
  MastheadLogo,
  MastheadMain,
  MastheadToggle,
  PageToggleButton,
  SearchInput,
  Toolbar,
  ToolbarContent,
  ToolbarGroup,
  ToolbarItem,
} from '@patternfly/react-core';
import { BarsIcon } from '@patternfly/react-icons/dist/esm/icons/bars-icon';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { AccountMenu } from './account-menu.tsx';
import { LoadLine } from './load-line.tsx';
import { NamespaceMenu } from './namespace-menu.tsx';
import { ThemeSwitch } from './theme-switch.tsx';

export function Head() {
  return (
    <Masthead>
      <MastheadMain>
        <MastheadToggle>
          <PageToggleButton variant="plain" aria-label="Show or hide the navigation" icon={<BarsIcon />} />
        </MastheadToggle>
        <MastheadBrand>
          <MastheadLogo component={props => <Link {...props} to="/" />} aria-label="Plimsoll, to the first page">
            <LoadLine />
            <span className="plimsoll-brand">Plimsoll</span>
          </MastheadLogo>
        </MastheadBrand>
      </MastheadMain>
      <MastheadContent>
        <Toolbar isStatic>
          <ToolbarContent>
            <ToolbarItem className="plimsoll-search">
              <GlobalSearch />
            </ToolbarItem>
            <ToolbarGroup align={{ default: 'alignEnd' }} variant="action-group-plain">
              <ToolbarItem>
                <NamespaceMenu />
              </ToolbarItem>
              <ToolbarItem>
                <ThemeSwitch />
              </ToolbarItem>
              <ToolbarItem>
                <AccountMenu />
              </ToolbarItem>
            </ToolbarGroup>
          </ToolbarContent>
        </Toolbar>
      </MastheadContent>
    </Masthead>
  );
}

/** An advisory leads to what it touches, anything else to the images that have it. */
function GlobalSearch() {
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const search = () => {
    const wanted = text.trim();
    if (wanted === '') return;
    const isAdvisory = /^(?:CVE|GHSA|RHSA|DSA|DLA|USN|ALAS|PYSEC|RUSTSEC|GO)-/i.test(wanted);
    void navigate(`/${isAdvisory ? 'vulnerabilities' : 'images'}?${new URLSearchParams({ q: wanted })}`);
    setText('');
  };
  return (
    <SearchInput
      aria-label="Search images, packages and CVEs"
      placeholder="Image, package or CVE"
      value={text}
      onChange={(_, value) => setText(value)}
      onSearch={search}
      onClear={() => setText('')}
    />
  );
}
