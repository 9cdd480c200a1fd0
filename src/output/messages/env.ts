/** A key of a local env file, as a person sees it. */
type Key = {
  readonly key: string;
  readonly line: number;
  readonly required: boolean;
  readonly empty: boolean;
  readonly set: boolean;
};

/** Where a key stands, and what is to be known of it. */
export function keyCells(file: string, { key, line, required, empty, set }: Key): readonly string[] {
  const wants = line === 0 ? 'missing' : empty ? 'empty' : null;
  const notes = [required ? 'required' : null, wants, set ? "the playbook's set: counts" : null];
  return [key, line === 0 ? file : `${file}:${line}`, notes.filter((note) => note !== null).join(', ')];
}

/** What has become of a key, and what to type so that hosts get it. */
export function keyChanged(
  file: string,
  key: string,
  { line, had }: { readonly line: number; readonly had: boolean },
  gone: boolean,
): string {
  const what = gone ? 'taken out' : had ? 'replaced' : 'added';
  return `${file}:${line}: ${key} ${what}`;
}

export const deployEnv = (apps: readonly string[]): string =>
  `next: fleet deploy --only env ${apps.map((app) => `--app ${app}`).join(' ')}`;

export const isSetInPlaybook = (key: string): string =>
  `the playbook gives ${key} a value with set:, which counts more than the file's`;

export const isRequired = (key: string): string => `${key} is required: no deploy begins without it`;

/** The value itself is not repeated. */
export const valueInArguments = (key: string | null): string => {
  const name = key ?? 'KEY';
  return (
    'a value in the command line is seen by everybody who lists the processes of this machine, and stays in the history of the shell\n' +
    `type it where \`fleet env set ${name}\` asks for it, or give it on standard input: PROGRAM | fleet env set ${name}`
  );
};
