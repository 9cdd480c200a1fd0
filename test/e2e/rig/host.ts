import { docker, type Result, type RunOptions, run } from './docker.ts';
import { release } from './jetson.ts';
import { testIdentity } from './keys.ts';
import { type Kind, type KindName, kinds } from './kinds.ts';
import { manifestScript, parseManifest } from './manifest.ts';
import { releasePort } from './ports.ts';
import { waitReady } from './ready.ts';
import { quote, Shells } from './shells.ts';

const readHostKeys = `
if [ -d /etc/dropbear ]; then
  for key in /etc/dropbear/*_host_key; do dropbearkey -y -f "$key" | grep -E '^(ssh|ecdsa)-'; done
else
  # Debian 11 still makes a DSA key, which fleet does not take.
  cat /etc/ssh/ssh_host_*_key.pub | grep -v '^ssh-dss'
fi`;

export interface ShellOptions extends RunOptions {
  readonly user?: string;
}

/** A running test host. All looks at it go through the engine, never through the product under test. */
export class TestHost {
  readonly address = '127.0.0.1';
  /** Private key that root, deploy, pwsudo and plainuser accept. */
  readonly identityFile = testIdentity().file;
  /** Lines "type base64" read from inside the host, one per host key. */
  hostKeys: readonly string[] = [];
  private readonly made: Kind;
  private readonly shells: Shells;

  constructor(
    readonly name: string,
    readonly kind: KindName,
    readonly id: string,
    readonly port: number,
  ) {
    this.made = kinds[kind];
    this.shells = new Shells(id);
  }

  get systemd(): boolean {
    return this.made.systemd;
  }

  /** Lines for a known_hosts file, one per host key. */
  get knownHosts(): string {
    return this.hostKeys.map((key) => `[${this.address}]:${this.port} ${key}\n`).join('');
  }

  /** Waits until the host is up and reads its host keys. */
  async ready(): Promise<void> {
    await waitReady(this.id, this.made, this.port);
    const keys = await this.out(readHostKeys);
    this.hostKeys = keys.split('\n').map((line) => line.split(' ').slice(0, 2).join(' '));
  }

  /** Runs a shell command on the host, as root unless told. */
  sh(command: string, options: ShellOptions = {}): Promise<Result> {
    // A shell that stays would be one more process of an account whose processes are counted, and ended.
    if (options.user === undefined && options.stdin === undefined) return this.shells.run(command, options);
    return run('docker', ['exec', '-i', '--user', options.user ?? 'root', this.id, 'sh', '-c', command], options);
  }

  /** As sh(), but returns the trimmed output and throws when the command fails. */
  async out(command: string, options?: ShellOptions): Promise<string> {
    const { code, stdout, stderr } = await this.sh(command, options);
    if (code !== 0) throw new Error(`${this.name}: code ${code} from ${command}\n${stderr}${stdout}`);
    return stdout.trim();
  }

  async writeFile(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
    const file = quote(path);
    const command = `mkdir -p "$(dirname ${file})" && cat > ${file} && chmod ${mode.toString(8)} ${file}`;
    await this.out(command, { stdin: content });
  }

  /** Sorted lines "path type mode uid gid [sha256 or -> target]" of all that is below the roots. */
  async manifest(roots: readonly string[], ignore: readonly RegExp[] = []): Promise<string[]> {
    const list = roots.map(quote).join(' ');
    const result = await this.sh(`set -- ${list}\n${manifestScript}`);
    return parseManifest(result.stdout, ignore);
  }

  /** Orderly reboot: services are stopped, /run is emptied, PID 1 starts again; the port stays. */
  async reboot(): Promise<void> {
    this.shells.end();
    await docker(['restart', '--time', '20', this.id]);
    await this.ready();
  }

  /** Power cut: nothing on the host gets a chance to end well. */
  async kill(): Promise<void> {
    this.shells.end();
    await docker(['kill', '--signal', 'KILL', this.id]);
  }

  /** Power back on after kill(). */
  async start(): Promise<void> {
    await docker(['start', this.id]);
    await this.ready();
  }

  /** Freezes the host: connections stay open and nothing answers. */
  async pause(): Promise<void> {
    await docker(['pause', this.id]);
  }

  async unpause(): Promise<void> {
    await docker(['unpause', this.id]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.made.jetson) await release(this);
    this.shells.end();
    await docker(['rm', '--force', '--volumes', this.id]);
    releasePort(this.port);
  }
}
