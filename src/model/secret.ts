import { inspect } from 'node:util';
import { sha256 } from './digest.ts';
import type { Digest } from './ids.ts';

/**
 * A value that prints its name, never itself: in template strings, JSON, `console.log` and errors alike.
 * A class with a private field, so no string operation can lose the mark.
 */
export class Secret {
  readonly #value: string;

  constructor(
    readonly name: string,
    value: string,
  ) {
    this.#value = value;
  }

  /** The value. Called where it is written to a host's standard input, and nowhere else (a test greps for it). */
  reveal(): string {
    return this.#value;
  }

  /** SHA-256 of the value; shown to nobody, it stands in the root-only record of a generation. */
  digest(): Digest {
    return sha256(this.#value);
  }

  toString(): string {
    return `[secret ${this.name}]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /**
   * A filter for text that came from elsewhere (a host's output): the second line of defence. Values shorter than six
   * characters are left alone, or ordinary words would be torn apart. Multi-line values are matched line by line.
   */
  static redactor(secrets: Iterable<Secret>): (text: string) => string {
    const words = new Map<string, string>();
    for (const secret of secrets) {
      for (const line of secret.#value.split('\n')) {
        const forms = [
          line,
          JSON.stringify(line).slice(1, -1),
          encodeURIComponent(line),
          Buffer.from(line).toString('base64'),
          // As shells and the env file itself write a single quote, and as Python shows a text that has both quotes.
          line.replaceAll("'", `'"'"'`),
          line.replaceAll("'", `'\\''`),
          line.replaceAll('\\', '\\\\').replaceAll("'", "\\'"),
        ];
        for (const form of forms) if (line.length >= 6) words.set(form, secret.toString());
      }
    }
    const longestFirst = [...words].sort(([a], [b]) => b.length - a.length);
    return (text) => longestFirst.reduce((rest, [word, mark]) => rest.replaceAll(word, mark), text);
  }
}
