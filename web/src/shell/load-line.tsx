/** The mark on the hull: the same as in the icon of the window. */
export function LoadLine() {
  return (
    <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
      <g fill="none" stroke="currentColor" strokeWidth="3">
        <circle cx="16" cy="16" r="10" />
        <path d="M1 16h30" />
      </g>
    </svg>
  );
}
