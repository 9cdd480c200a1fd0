/** Rules that a file lets pass: a comment `# fleet: allow T19 T31` names them. */
export const allowedIn = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/^[ \t]*[#;] *fleet: allow (.+)$/gm)].flatMap((match) => (match[1] ?? '').split(/[ ,]+/)));
