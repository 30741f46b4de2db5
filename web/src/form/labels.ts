/** Labels as people write them: `zone=dc1, gpu`. */
export function readLabels(text: string): Record<string, string> {
  const pairs = text.split(/[,\n]/).flatMap(part => {
    const [name = '', ...value] = part.split('=');
    return name.trim() === '' ? [] : [[name.trim(), value.join('=').trim()] as const];
  });
  return Object.fromEntries(pairs);
}

/** And back. */
export function writeLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
    .join(', ');
}
