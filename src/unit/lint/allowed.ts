/** What rules were called before they had names; `# fleet: allow` still takes it. */
export const FORMER: Readonly<Record<string, readonly string[]>> = {
  T1: ['start-limit-section'],
  T2: ['inline-comment'],
  T3: ['variable'],
  C9: ['invisible-character'],
  T9: ['restart-delay'],
  T10: ['logrotate-owner'],
  T11: ['logrotate-signal'],
  T12: ['no-reload'],
  T13: ['part-of'],
  T19: ['port-conflict'],
  T20: ['same-program', 'same-unit'],
  T23: ['missing-path'],
  T24: ['notify'],
  T26: ['restart-backoff'],
  T27: ['runtime-folder'],
  T28: ['transient'],
  T29: ['sandbox'],
  T30: ['search-path'],
  T31: ['endless-restart'],
  T32: ['env-file'],
  S3: ['secret-in-unit'],
  S4: ['secret-in-command'],
};

/** Rules that a file lets pass: a comment `# fleet: allow port-conflict restart-delay` names them. */
export const allowedIn = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.matchAll(/^[ \t]*[#;] *fleet: allow (.+)$/gm)]
      .flatMap((match) => (match[1] ?? '').split(/[ ,]+/))
      .flatMap((name) => FORMER[name] ?? [name]),
  );
