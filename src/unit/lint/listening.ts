import type { Service } from '../settings/service.ts';
import type { Command } from '../syntax/command-line.ts';
import { wordText } from './command-words.ts';

/** A TCP port that a service is told to listen on. */
export type Listening = {
  readonly port: number;
  /** The one IP address, or null for any or an unknown one. */
  readonly address: string | null;
  /** False where the name of a variable leaves open whether the service listens there or connects to it. */
  readonly sure: boolean;
};

const OPTION = /^--?(?:port|http-port|listen|listen-address|bind|addr|address)(?:=(.*))?$/;
const ADDRESS = /^--?(?:host|bind|listen-address|address)(?:=(.*))?$/;
/** DB_PORT is another's port; what these stand for is a service's own. */
const OWN =
  /^(?:.*_)?(?:LISTEN|BIND|HTTPS?|API|WEB|WS|GRPC|ADMIN|METRICS|HEALTH|UI|DASHBOARD|APP|SERVER|GATEWAY)_PORT$/;

const endpoint = (text: string | undefined): { port: number; address: string | null } | null => {
  const [, address, digits] = /^(?:(.*):)?(\d{2,5})$/.exec(text ?? '') ?? [];
  const port = Number(digits ?? 0);
  return port > 0 && port < 65_536 ? { port, address: single(address) } : null;
};

/** An address as one that nothing else on the host shares, or null. */
function single(text: string | undefined): string | null {
  const address = (text ?? '').replace(/^\[(.*)\]$/, '$1');
  if (address === 'localhost') return '127.0.0.1';
  if (/^\d+(\.\d+){3}$/.test(address)) return address === '0.0.0.0' ? null : address;
  return /^[0-9a-f:]+:[0-9a-f:]*$/i.test(address) && address !== '::' ? address.toLowerCase() : null;
}

/**
 * What a service is told to listen on, where the unit says so in plain words or in variables that it sets itself; what a
 * file says is not seen.
 * @param envKeys names in the app's env file, which beats the unit's own variables
 */
export function portsOf(service: Service, envKeys: readonly string[]): readonly Listening[] {
  const hidden = service.environmentFiles.length > 0 ? new Set(envKeys) : new Set<string>();
  const variables = new Map(service.environment.filter(([name]) => !hidden.has(name)));
  const found = new Map<number, Listening>();
  const add = (at: { port: number; address: string | null } | null, sure: boolean) => {
    if (at !== null && !found.has(at.port)) found.set(at.port, { ...at, sure });
  };
  for (const command of service.execStart) {
    const words = wordsOf(command, variables);
    const valueAt = (i: number, pattern: RegExp) => {
      const option = pattern.exec(words[i] ?? '');
      return option === null ? undefined : (option[1] ?? words[i + 1]);
    };
    const host = single(words.map((_, i) => valueAt(i, ADDRESS)).find((value) => single(value) !== null));
    const options = words.map((_, i) => endpoint(valueAt(i, OPTION)));
    const module = words.indexOf('http.server');
    const served = module === -1 ? [] : [endpoint(words[module + 1])];
    for (const at of [...options, ...served]) add(at && { ...at, address: at.address ?? host }, true);
  }
  const host = single(variables.get('HOST'));
  for (const [name, value] of variables) {
    if (name === 'PORT' || name.endsWith('_PORT')) {
      const at = endpoint(value);
      add(at && { ...at, address: at.address ?? host }, name === 'PORT' || OWN.test(name));
    }
  }
  return [...found.values()];
}

/** The words of a command with the variables filled that are known. */
const wordsOf = (command: Command, variables: ReadonlyMap<string, string>): readonly string[] =>
  command.args.flatMap((word) => {
    if (word.word === 'split') {
      const value = variables.get(word.name);
      return value === undefined ? [wordText(word)] : value.split(/\s+/).filter((part) => part !== '');
    }
    const parts = word.parts.map((part) =>
      part.part === 'literal' ? part.text : (variables.get(part.name) ?? `\${${part.name}}`),
    );
    return [parts.join('')];
  });

/** Whether two services cannot both have what they want. */
export const collide = (a: Listening, b: Listening): boolean =>
  a.port === b.port && (a.address === null || b.address === null || a.address === b.address);
