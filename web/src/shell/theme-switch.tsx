/** From light to dark and back. */
import { Button } from '@patternfly/react-core';
import { MoonIcon } from '@patternfly/react-icons/dist/esm/icons/moon-icon';
import { SunIcon } from '@patternfly/react-icons/dist/esm/icons/sun-icon';
import { chooseTheme, useTheme } from './theme.ts';

export function ThemeSwitch() {
  const { isDark } = useTheme();
  const label = isDark ? 'Use light colours' : 'Use dark colours';
  return (
    <Button
      variant="plain"
      aria-label={label}
      title={label}
      icon={isDark ? <SunIcon /> : <MoonIcon />}
      onClick={() => chooseTheme(isDark ? 'light' : 'dark')}
    />
  );
}
