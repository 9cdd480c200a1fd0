import type { Failure } from '../../../model/outcome.ts';
import { list } from '../../../util/count.ts';
import type { Explanation } from '../explanation.ts';

/** sshd does not let a login open connections: the checks, or the next hop, would have gone over one. */
export function explainForwarding({
  login,
  user,
  wanted,
  to,
  key,
}: Extract<Failure, { kind: 'no-forwarding' }>): Explanation {
  const places = list(to, 4);
  const config =
    '`AllowTcpForwarding` (`no`, or `remote`), `DisableForwarding` or `PermitOpen` in sshd_config forbids it. As root there, ' +
    `\`sshd -T -C user=${user},host=x,addr=127.0.0.1 | grep -iE 'forwarding|permitopen'\` shows which. To allow no more than ` +
    `is needed, put at its end \`Match User ${user}\` and below it \`AllowTcpForwarding local\` and \`PermitOpen ${to.join(' ')}\`; ` +
    'then reload sshd.';
  const line =
    `${key} forbids it: \`restrict\`, \`no-port-forwarding\` or \`permitopen="…"\` stands before the key. ` +
    'After `restrict` put `,port-forwarding`, and to allow no more than is needed ' +
    `\`${to.map((place) => `,permitopen="${place}"`).join('')}\`.`;
  return {
    what:
      wanted === 'checks'
        ? `sshd on the host does not let ${login} connect to ${places} from there, so that the health of the app could not be asked`
        : `the jump host does not let ${login} connect on to ${places}`,
    evidence: [],
    fix: [
      key === '' ? config : line,
      ...(wanted === 'checks'
        ? [
            'Or ask by a `command:` check in the playbook, such as `curl -fsS URL`: it runs on the host and needs no connection.',
          ]
        : ['Or set another `jump:` in the inventory.']),
    ],
  };
}
