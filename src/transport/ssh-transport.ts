import type { Privilege } from './exec/privilege.ts';
import { runScript } from './exec/script.ts';
import { dial } from './ssh2/dial.ts';
import type { Link } from './ssh2/link.ts';
import { sync, unpack } from './sync/sync.ts';
import type { Transport } from './transport.ts';

/** The transport over one SSH connection; disposing of it closes every hop. */
export function sshTransport(link: Link, privilege: Privilege): Transport {
  return {
    noRoot: privilege.refusal,
    run: (script, io) => runScript(link, privilege, script, io),
    unpack: (files, into, io) => unpack(link, privilege, files, into, io),
    sync: (request, method, io) => sync(link, privilege, request, method, io),
    dial: (host, port, io) => dial(link, host, port, io),
    [Symbol.asyncDispose]: () => link.close(),
  };
}
