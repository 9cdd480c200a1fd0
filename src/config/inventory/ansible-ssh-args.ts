/** What the words of `ansible_ssh_common_args` and its like say that fleet has a field for, and which others they set. */
export type SshArgs = { readonly fields: Readonly<Record<string, unknown>>; readonly others: readonly string[] };

/** Flags of ssh that stand for a setting of its configuration. */
const FLAGS: Readonly<Record<string, string>> = { J: 'proxyjump', p: 'port', l: 'user', i: 'identityfile' };

export function readSshArgs(text: string): SshArgs {
  const fields: Record<string, unknown> = {};
  const others = new Set<string>();
  const set = (name: string, value: string) => {
    const jump = name.toLowerCase() === 'proxycommand' ? jumpOf(value) : null;
    const key = jump === null ? name.toLowerCase() : 'proxyjump';
    if (value.includes('{{')) others.add(`${name} with a template`);
    else if (key === 'proxyjump') fields.jump = jump ?? value;
    else if (key === 'port' && /^\d+$/.test(value)) fields.port = Number(value);
    else if (key === 'user') fields.user = value;
    else if (key === 'identityfile') fields.identityFile = value;
    else others.add(name);
  };
  const words = splitWords(text.replace(/\{\{.*?\}\}/gs, (placeholder) => placeholder.replace(/\s+/g, '')));
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? '';
    const [, letter = '', rest = ''] = /^-([A-Za-z])(.*)$/s.exec(word) ?? [];
    if (letter === 'o' || letter in FLAGS) {
      const value = rest === '' ? (words[++i] ?? '') : rest;
      const [, name = value, setting = ''] = letter === 'o' ? (/^\s*(\w+)\s*[=\s]\s*(.*)$/s.exec(value) ?? []) : [];
      if (letter === 'o') set(name, setting);
      else set(FLAGS[letter] ?? '', value);
    } else others.add(word);
  }
  return { fields, others: [...others] };
}

/** The hop of a ProxyCommand that does no more than `ssh -W %h:%p` to it; null for any other. */
function jumpOf(command: string): string | null {
  const [program, ...words] = splitWords(command);
  if (program !== 'ssh') return null;
  let [user, port, host, forwards] = ['', '', '', false];
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? '';
    const target = /^-W(.*)$/.exec(word);
    if (target !== null) forwards = (target[1] || words[++i]) === '%h:%p';
    else if (word === '-l') user = words[++i] ?? '';
    else if (word === '-p') port = words[++i] ?? '';
    else if (word.startsWith('-') && word !== '-q') return null;
    else if (!word.startsWith('-') && host === '') host = word;
    else if (!word.startsWith('-')) return null;
  }
  if (!forwards || host === '') return null;
  return `${user === '' || host.includes('@') ? '' : `${user}@`}${host}${port === '' ? '' : `:${port}`}`;
}

/** Words as a shell would split them, quotes taken away. */
function splitWords(text: string): readonly string[] {
  const words = text.match(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/gs) ?? [];
  return words.map((word) =>
    word.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/gs, (_, double?: string, single?: string, escaped?: string) =>
      double !== undefined ? double.replace(/\\(["\\$`])/g, '$1') : (single ?? escaped ?? ''),
    ),
  );
}
