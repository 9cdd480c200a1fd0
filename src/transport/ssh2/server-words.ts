/** The line of an authorized_keys file that let a login in, as OpenSSH tells it to the client. */
export type KeyLine = {
  /** `FILE:LINE` on the host. */
  readonly place: string;
  /** Whether it runs a command of its own in place of the client's. */
  readonly forces: boolean;
  /** Whether it lets connections be forwarded, to anywhere. */
  readonly forwards: boolean;
};

/** What a server says of a login outside of any channel. */
export type ServerWords = {
  /** Whether it has recognised one of the keys that were offered, and asked for the proof of it. */
  readonly knowsKey: () => boolean;
  /** What it said after that: why a login is turned away whose key is right. Before it, banners are for everybody. */
  readonly afterKey: () => string;
  /** The ways to log in that its last refusal left; null before the first. */
  readonly accepts: () => readonly string[] | null;
  readonly keyLine: () => KeyLine | null;
  /** Takes what the SSH library reports of its work, which holds what the library has no events for. */
  readonly report: (line: string) => void;
  readonly banner: (text: string) => void;
};

/** As much of banners as anybody reads. */
const MOST = 4096;

export function serverWords(): ServerWords {
  let knowsKey = false;
  let afterKey = '';
  let accepts: readonly string[] | null = null;
  let keyLine: KeyLine | null = null;
  return {
    knowsKey: () => knowsKey,
    afterKey: () => afterKey,
    accepts: () => accepts,
    keyLine: () => keyLine,
    report(line) {
      if (line === 'Inbound: Received USERAUTH_PK_OK') knowsKey = true;
      const refusal = /^Inbound: Received USERAUTH_FAILURE \((.*)\)$/.exec(line)?.[1];
      if (refusal !== undefined) accepts = refusal === '' ? [] : refusal.split(',');
      const told = /^Debug output from server: (".*")$/.exec(line)?.[1];
      if (told !== undefined) keyLine = readKeyLine(String(JSON.parse(told))) ?? keyLine;
    },
    banner(text) {
      if (knowsKey) afterKey = `${afterKey}${text}\n`.slice(0, MOST);
    },
  };
}

/** `/root/.ssh/authorized_keys:1: key options: command pty user-rc`, said by OpenSSH 7.7 and later. */
export function readKeyLine(text: string): KeyLine | null {
  const [, place, options] = /^(.+:\d+): key options:(.*)$/s.exec(text) ?? [];
  if (place === undefined || options === undefined) return null;
  const words = options.trim().split(/\s+/);
  const forwards = words.includes('port-forwarding') && !words.includes('permitopen');
  return { place, forces: words.includes('command'), forwards };
}
