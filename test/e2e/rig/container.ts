import { GenericContainer, type WaitStrategy } from 'testcontainers';
import { jetsonFiles, jetsonOptions } from './jetson.ts';
import { testIdentity } from './keys.ts';
import type { Kind } from './kinds.ts';
import { hostLabel, ownerLabel, ownerTag } from './owner.ts';

const homes = ['/root', '/home/deploy', '/home/pwsudo', '/home/plainuser'];

/** The host itself waits until it is up, since it must do so after a reboot too. */
const noWait: WaitStrategy = {
  waitUntilReady: async () => {},
  withStartupTimeout: () => noWait,
  isStartupTimeoutSet: () => true,
  getStartupTimeout: () => 0,
};

/** A container set up like a machine: sets the engine options that testcontainers has no methods for. */
export class MachineContainer extends GenericContainer {
  constructor(image: string, name: string, kind: Kind, port: number) {
    super(image);
    this.withHostname(name)
      .withCommand([kind.boot])
      .withLabels({ [hostLabel]: '1', [ownerLabel]: ownerTag() })
      // Without the helper container that testcontainers would have to pull; sweep() does its work.
      .withAutoCleanup(false)
      .withWaitStrategy(noWait)
      .withCopyContentToContainer(
        homes.map((home) => ({
          content: `${testIdentity().publicKey}\n`,
          target: `${home}/.ssh/authorized_keys`,
          mode: 0o644,
        })),
      )
      .withExposedPorts({ container: 22, host: port });
    if (kind.systemd) this.asSystemd();
    else this.asPlain();
    if (kind.jetson) this.asJetson();
    if (kind.traces) this.withAddedCapabilities('SYS_PTRACE');
  }

  private asJetson(): void {
    this.withCopyFilesToContainer(jetsonFiles);
    Object.assign(this.hostConfig, jetsonOptions);
  }

  private asSystemd(): void {
    this.withEnvironment({ container: 'docker' })
      .withAddedCapabilities('SYS_ADMIN', 'NET_ADMIN', 'SYS_NICE')
      .withBindMounts([{ source: '/sys/fs/cgroup', target: '/sys/fs/cgroup', mode: 'rw' }]);
    // In a cgroup namespace of its own systemd boots, but resource limits silently do nothing.
    Object.assign(this.hostConfig, { CgroupnsMode: 'host' });
    this.createOpts.StopSignal = 'SIGRTMIN+3';
  }

  private asPlain(): void {
    // A real boot empties /run, a container restart does not; cron's @reboot marker lives there.
    this.withTmpFs({ '/run': 'rw,nosuid,nodev,mode=755' });
    this.hostConfig.Init = true;
    this.createOpts.StopSignal = 'SIGTERM';
  }

  protected override async beforeContainerCreated(): Promise<void> {
    // Published on all addresses otherwise.
    const all = Object.values(this.hostConfig.PortBindings ?? {}) as { HostIp?: string }[][];
    for (const binding of all.flat()) binding.HostIp = '127.0.0.1';
  }
}
