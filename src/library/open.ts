import { homedir, hostname, userInfo } from 'node:os';
import { env as environment } from 'node:process';
import { findProject } from '../config/find-project.ts';
import type { Invoker } from '../config/invoker.ts';
import { loadProject, type Project } from '../config/project.ts';
import { fail, ok, type Result } from '../model/outcome.ts';
import { Secret } from '../model/secret.ts';
import type { AcceptedKeys } from '../transport/options.ts';
import { type Refusal, refused } from './refusal.ts';

/** Asked when it is needed, once per run; null where there is none. */
type AskSecret<A extends readonly unknown[]> = (
  ...about: A
) => Promise<string | Secret | null> | string | Secret | null;

/** What an opened fleet is opened with; what is not told is taken from the process. */
export type OpenOptions = {
  /** The project folder, relative to `cwd`; the nearest one upwards from there unless told. */
  readonly dir?: string;
  readonly cwd?: string;
  readonly home?: string;
  /** Login name on this machine: it stands in the history of hosts, and is the last resort for a connection's user. */
  readonly user?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The password that sudo asks for on the hosts. */
  readonly becomePassword?: AskSecret<[]>;
  /** The passphrase of a private key. */
  readonly passphrase?: AskSecret<[file: string]>;
};

/** A project and its surroundings, from which every command starts. */
export type World = {
  readonly project: Project;
  /** Who does it, e.g. `alice@laptop`. */
  readonly by: string;
  readonly becomePassword: () => Promise<Secret | null>;
  readonly passphrase: (file: string) => Promise<Secret | null>;
  readonly accepted: AcceptedKeys;
};

/** Reads a project; every error of every file is in the refusal. No host is contacted. */
export async function openWorld(options: OpenOptions): Promise<Result<World, Refusal>> {
  const { dir = null, becomePassword = () => null, passphrase = () => null } = options;
  const invoker: Invoker = {
    env: options.env ?? environment,
    cwd: options.cwd ?? process.cwd(),
    home: options.home ?? homedir(),
    user: options.user ?? userInfo().username,
  };
  const folder = await findProject(invoker, dir);
  if (!folder.ok) return fail(refused(folder.failure));
  const { FLEET_SSH_CONFIG } = invoker.env;
  const project = await loadProject(folder.value, {
    invoker,
    ...(FLEET_SSH_CONFIG === undefined ? {} : { sshConfigFile: FLEET_SSH_CONFIG }),
  });
  if (!project.ok) return fail(refused(project.failure));
  return ok({
    project: project.value,
    by: `${invoker.user}@${hostname()}`,
    becomePassword: async () => asSecret('sudo password', await becomePassword()),
    passphrase: async (file) => asSecret('passphrase', await passphrase(file)),
    accepted: { keys: new Map(), judged: Promise.resolve() },
  });
}

const asSecret = (name: string, value: string | Secret | null) =>
  typeof value === 'string' ? new Secret(name, value) : value;
