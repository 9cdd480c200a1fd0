import type { Connection } from '../../src/model/target.ts';
import { connector } from '../../src/transport/connect.ts';
import { optionsIn } from './connect-with.ts';

/** A process of its own that connects to a host for the first time, and prints how it ended. */
const [dir = '', text = ''] = process.argv.slice(2);
const connection: Connection = JSON.parse(text);
const [file = ''] = connection.knownHostsFiles;
const options = optionsIn(dir, { acceptNew: true, homeKnownHosts: file });
connector(
  connection,
  options,
)(new AbortController().signal).then(async (result) => {
  process.stdout.write(result.ok ? 'accepted' : result.failure.kind);
  if (result.ok) await result.value[Symbol.asyncDispose]();
});
