import { inspect } from 'node:util';
import { sha256 } from './digest.ts';
import type { Digest } from './ids.ts';
import { type Form, formsOf } from './secret-forms.ts';

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

  /** The value. Called where it is written to a host's standard input, or sent to a receiver of notices (a test greps for it). */
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
   * bytes are left alone. Multi-line values are matched line by line.
   */
  static redactor(secrets: Iterable<Secret>): (text: string) => string {
    const forms = new Map<string, Form & { readonly mark: string }>();
    for (const secret of secrets) {
      for (const line of secret.#value.split('\n')) {
        for (const form of formsOf(line)) {
          if (!forms.has(form.text)) forms.set(form.text, { ...form, mark: secret.toString() });
        }
      }
    }
    const longestFirst = [...forms.values()].sort((a, b) => b.text.length - a.text.length);
    return (text) => longestFirst.reduce((rest, form) => swap(rest, form), text);
  }
}

function swap(text: string, { text: word, before, after, mark }: Form & { readonly mark: string }): string {
  if (!text.includes(word)) return text;
  let done = '';
  let rest = text;
  for (let at = rest.indexOf(word); at >= 0; at = rest.indexOf(word)) {
    const head = rest.slice(0, at);
    rest = rest.slice(at + word.length);
    done += `${before ? head.replace(/[A-Za-z0-9+/_-]$/, '') : head}${mark}`;
    if (after) rest = rest.replace(/^[A-Za-z0-9+/_-]?={0,2}/, '');
  }
  return done + rest;
}
