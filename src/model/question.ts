import type { Fix } from './finding.ts';
import type { Verb } from './work.ts';

type Place = { readonly host: string; readonly app: string };

/** What somebody has to agree to before hosts are changed. */
export type Question =
  /** No host was named, so that all are meant. */
  | { readonly ask: 'all-hosts'; readonly command: string; readonly hosts: readonly string[] }
  /** Services of several hosts would be stopped. */
  | { readonly ask: 'stop'; readonly verb: Verb; readonly units: readonly string[]; readonly hosts: readonly string[] }
  /** What a full rollback would delete for good. */
  | { readonly ask: 'delete'; readonly apps: readonly (Place & { readonly deletes: readonly string[] })[] }
  /** What `doctor` would put right. */
  | { readonly ask: 'mend'; readonly apps: readonly (Place & { readonly fixes: readonly Fix[] })[] };
