import type { IdentityCallback, ParsedKey, SignCallback, SigningRequestOptions } from 'ssh2';
import ssh2 from 'ssh2';

type Agent = InstanceType<typeof ssh2.BaseAgent>;

/** Keys that an agent holds and can sign with; certificates and FIDO keys are not among them. */
export type AgentKeys = {
  readonly agent: Agent | null;
  readonly keys: readonly ParsedKey[];
  readonly problem: string | null;
};

/** Asks the agent which keys it holds. An agent that does not answer within 3 s counts as none, with the reason. */
export function listAgent(socket: string | null): Promise<AgentKeys> {
  if (socket === null) return Promise.resolve({ agent: null, keys: [], problem: null });
  const agent = ssh2.createAgent(socket);
  return new Promise((resolve) => {
    const none = (problem: string) => resolve({ agent: null, keys: [], problem });
    const timer = setTimeout(() => none(`the agent at ${socket} does not answer`), 3000);
    agent.getIdentities((error, keys) => {
      clearTimeout(timer);
      if (error) none(`no agent at ${socket}`);
      else resolve({ agent, keys: (keys ?? []).flatMap((key) => parsed(key)), problem: null });
    });
  });
}

/** An agent that shows one key only. */
export function agentWith(agent: Agent, key: ParsedKey): Agent {
  return new OneKey(agent, key);
}

class OneKey extends ssh2.BaseAgent<ParsedKey> {
  constructor(
    readonly agent: Agent,
    readonly key: ParsedKey,
  ) {
    super();
  }

  override getIdentities(done: IdentityCallback<ParsedKey>): void {
    done(null, [this.key]);
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    done?: SignCallback,
  ): void {
    if (typeof options === 'function') this.agent.sign(key, data, options);
    else this.agent.sign(key, data, options, done);
  }
}

function parsed(key: unknown): ParsedKey[] {
  const result = ssh2.utils.parseKey(key as ParsedKey);
  return result instanceof Error ? [] : [result];
}
