import type { Service } from '../service.ts';
import { commandWords } from './command-words.ts';

const OPTION = /^--?(?:port|http-port|listen|listen-address|bind|addr|address)(?:=(.*))?$/;
const port = (text: string | undefined): number | null => {
  const digits = /^(?:.*:)?(\d{2,5})$/.exec(text ?? '')?.[1];
  const number = Number(digits ?? 0);
  return number > 0 && number < 65_536 ? number : null;
};

/** TCP ports that a service is told to listen on, where the unit says so in plain words; what a file says is not seen. */
export function portsOf(service: Service): readonly number[] {
  const found = new Set<number>();
  for (const command of service.execStart) {
    const words = commandWords(command);
    for (const [i, word] of words.entries()) {
      const option = OPTION.exec(word);
      const value = option === null ? null : port(option[1] ?? words[i + 1]);
      if (value !== null) found.add(value);
    }
    const module = words.indexOf('http.server');
    const served = module === -1 ? null : port(words[module + 1]);
    if (served !== null) found.add(served);
  }
  const set = service.environment.find(([name]) => name === 'PORT');
  const value = port(set?.[1]);
  if (value !== null) found.add(value);
  return [...found];
}
