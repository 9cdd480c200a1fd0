// A connection by the library that fleet uses, tuned as fleet tunes it, and `true`: less than this it cannot take.
const { readFileSync } = require('node:fs');
const { connect } = require('node:net');
const { Client } = require('ssh2');

const [host, port, identity, pinned] = process.argv.slice(2);
const key = readFileSync(identity);
const hostKey = Buffer.from(pinned.split(' ')[1], 'base64');
const client = new Client();
client.on('ready', () => {
  client.exec('true', (error, channel) => {
    if (error) throw error;
    channel.on('close', () => client.end()).resume();
  });
});
client.connect({
  sock: connect({ host, port: Number(port), noDelay: true }),
  username: 'root',
  hostVerifier: (offered) => offered.equals(hostKey),
  authHandler: [{ type: 'publickey', username: 'root', key }],
});
