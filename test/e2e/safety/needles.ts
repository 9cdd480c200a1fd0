import { randomBytes } from 'node:crypto';

/** A part of a secret that stays as it is in JSON, in a URL and between any quotes. */
const fresh = () => `c4n4ry${randomBytes(9).toString('hex')}`;

/** A text in hex, which has no alignment. */
const hexForms = (text: string) => {
  const hex = Buffer.from(text).toString('hex');
  return [hex, hex.toUpperCase()];
};

/** Every way in which base64 can write a text that stands anywhere inside another. */
const base64Forms = (text: string) =>
  [0, 1, 2].map((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]).toString('base64');
    // The first and the last group also hold what stands beside it.
    return whole.slice(shift === 0 ? 0 : 4, Math.floor((text.length + shift) / 3) * 4);
  });

/** A secret, and strings of which none may be seen where the secret may not be. */
export type Poison = { readonly value: string; readonly needles: readonly string[] };

export function poisonLine(): Poison {
  const core = fresh();
  return { value: `it's"$HOME"\`${core}\`\\%&`, needles: [core, ...base64Forms(core), ...hexForms(core)] };
}

export function poisonText(): Poison {
  const cores = [fresh(), fresh(), fresh()];
  const [first, second, third] = cores;
  const value = `-----BEGIN ${first}\n'${second}'$PATH "x" \\n\n-----END ${third}`;
  return { value, needles: cores.flatMap((core) => [core, ...base64Forms(core), ...hexForms(core)]) };
}

/** A password: what sudo reads is one line. */
export function poisonPassword(): Poison {
  const core = fresh();
  return { value: `p'w $x ${core}`, needles: [core, ...base64Forms(core)] };
}

export const foundIn = (text: string, needles: readonly string[]) => needles.filter((needle) => text.includes(needle));
