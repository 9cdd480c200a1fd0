import type { Client, ClientChannel } from 'ssh2';

/** What of the SSH library is used here and is not in its interface. */
type Inside = {
  readonly _protocol?: { exec?: (remote: number, command: string, wantReply: boolean) => void };
  readonly _chanMgr?: { readonly _channels?: Readonly<Record<number, ClientChannel & { outgoing?: { id?: number } }>> };
};

const waiting = new WeakMap<Client, Map<string, (channel: ClientChannel) => void>>();

/**
 * Calls the listener as soon as a command is on its way, with its channel. The SSH library shows a channel a round trip
 * later, when the host has confirmed the command, though what the command reads may follow it at once. Where another version of
 * the library looks otherwise inside, the listener is never called.
 */
export function onceSent(client: Client, command: string, listener: (channel: ClientChannel) => void): () => void {
  const listeners = waiting.get(client) ?? watched(client);
  listeners.set(command, listener);
  return () => listeners.delete(command);
}

function watched(client: Client): Map<string, (channel: ClientChannel) => void> {
  const listeners = new Map<string, (channel: ClientChannel) => void>();
  waiting.set(client, listeners);
  const { _protocol: protocol, _chanMgr: manager } = client as unknown as Inside;
  const exec = protocol?.exec;
  if (protocol === undefined || exec === undefined) return listeners;
  protocol.exec = (remote, command, wantReply) => {
    exec.call(protocol, remote, command, wantReply);
    const channel = Object.values(manager?._channels ?? {}).find(({ outgoing }) => outgoing?.id === remote);
    if (channel !== undefined) listeners.get(command)?.(channel);
  };
  return listeners;
}
