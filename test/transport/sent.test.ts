import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { onceSent } from '../../src/transport/ssh2/sent.ts';
import { text } from '../text.ts';
import { startSshd } from './sshd.ts';

test('what a command reads follows the command, before the host has confirmed it', async () => {
  await using sshd = await startSshd();
  const told: string[] = [];
  const client = new ssh2.Client();
  client.connect({
    ...{ host: '127.0.0.1', port: sshd.port, username: sshd.user, privateKey: readFileSync(sshd.key.file) },
    debug: (line) => told.push(line),
  });
  await once(client, 'ready');
  const echoed = await new Promise<string>((resolve, reject) => {
    onceSent(client, 'cat', (channel) => channel.end('early'));
    client.exec('cat', (error, channel) => (error ? reject(error) : resolve(text(channel))));
  });
  client.end();
  expect(echoed).toBe('early');
  const at = (line: RegExp) => told.findIndex((one) => line.test(one));
  const order = [/Sending CHANNEL_REQUEST .*exec/, /Sending CHANNEL_DATA/, /Received CHANNEL_SUCCESS/].map(at);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(order).not.toContain(-1);
});
