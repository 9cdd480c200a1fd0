/** Where a standard stream of a service goes. */
export type Output =
  | { readonly to: 'journal' }
  | { readonly to: 'null' }
  /** Standard error goes where standard output goes. */
  | { readonly to: 'inherit' }
  | { readonly to: 'file'; readonly path: string; readonly open: 'append' | 'truncate' | 'overwrite' }
  /** A terminal, socket or named descriptor. */
  | { readonly to: 'other'; readonly value: string };

const OPEN = { 'append:': 'append', 'truncate:': 'truncate', 'file:': 'overwrite' } as const;

/** Reads a value of StandardOutput= or StandardError=; null for what systemd does not take. */
export function parseOutput(text: string): Output | null {
  switch (text) {
    case 'journal':
    case 'journal+console':
    case 'syslog':
    case 'syslog+console':
    case 'kmsg':
    case 'kmsg+console':
      return { to: 'journal' };
    case 'null':
    case 'inherit':
      return { to: text };
    case 'tty':
    case 'socket':
    case 'fd':
      return { to: 'other', value: text };
  }
  if (text.startsWith('fd:')) return { to: 'other', value: text };
  for (const [prefix, open] of Object.entries(OPEN)) {
    const path = text.slice(prefix.length);
    if (text.startsWith(prefix)) return path.startsWith('/') ? { to: 'file', path, open } : null;
  }
  return null;
}
