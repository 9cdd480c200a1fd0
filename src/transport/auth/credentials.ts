import type { AnyAuthMethod } from 'ssh2';
import type { Secret } from '../../model/secret.ts';
import type { Connection } from '../../model/target.ts';
import { agentWith, listAgent } from './agent.ts';
import { type KeyFile, readKey, unlockKey } from './keys.ts';

/** What can be offered to one hop, in the order to offer it. */
export type Credentials = {
  readonly methods: readonly AnyAuthMethod[];
  /** Encrypted keys that nothing else stands for; opened only when the rest was refused. */
  readonly locked: readonly Extract<KeyFile, { state: 'locked' }>[];
  /** What `methods` are, in words, for the message after a refusal. */
  readonly tried: string;
  /** Why other configured keys are not among them. */
  readonly problems: readonly string[];
};

/**
 * First the agent's keys that the configuration names, then key files, then the agent's other keys: servers stop
 * listening after a few keys (MaxAuthTries 6), so the most likely ones go first.
 */
export async function credentials(connection: Connection): Promise<Credentials> {
  const [held, files] = await Promise.all([
    listAgent(connection.agent),
    Promise.all(connection.identityFiles.map(readKey)),
  ]);
  const blobs = files.flatMap((file) => ('blob' in file && file.blob ? [file.blob] : []));
  const isNamed = (blob: Buffer) => blobs.some((other) => other.equals(blob));
  const inAgent = (blob: Buffer | null) => blob !== null && held.keys.some((key) => key.getPublicSSH().equals(blob));
  const named = held.keys.filter((key) => isNamed(key.getPublicSSH()));
  const others = connection.identitiesOnly ? [] : held.keys.filter((key) => !named.includes(key));
  const ready = files.flatMap((file) => (file.state === 'ready' && !inAgent(file.blob) ? [file] : []));
  const username = connection.user;
  // One method per key, so that each refusal is heard of.
  const fromAgent = (keys: typeof named) =>
    keys.flatMap((key): AnyAuthMethod[] =>
      held.agent === null ? [] : [{ type: 'agent', username, agent: agentWith(held.agent, key) }],
    );
  const fromFiles = ready.map(({ key }): AnyAuthMethod => ({ type: 'publickey', username, key }));
  return {
    methods: [...fromAgent(named), ...fromFiles, ...fromAgent(others)],
    locked: files.flatMap((file) => (file.state === 'locked' && !inAgent(file.blob) ? [file] : [])),
    tried: inWords(
      named.length + others.length,
      ready.map(({ file }) => file),
    ),
    problems: [
      ...(held.problem === null ? [] : [held.problem]),
      ...files.flatMap((file) => (file.state === 'unusable' ? [`${file.file} ${file.why}`] : [])),
      ...files.flatMap((file) =>
        file.state === 'public' && !inAgent(file.blob) ? [`the agent does not hold ${file.file}`] : [],
      ),
    ],
  };
}

/** Opens the locked keys, so that the next `credentials` has them among its methods. */
export async function unlockAll(
  locked: Credentials['locked'],
  passphrase: (file: string) => Promise<Secret | null>,
): Promise<void> {
  for (const key of locked) await unlockKey(key, passphrase);
}

function inWords(agentKeys: number, files: readonly string[]): string {
  const agent = agentKeys === 0 ? [] : [`${agentKeys} key${agentKeys === 1 ? '' : 's'} of the agent`];
  return [...agent, ...files].join(', ') || 'no key: there is none in the agent, and no identity file could be used';
}
