const wanted = process.env.FLEET_SWEEP ?? '';

/** `FLEET_SWEEP=full` tries every fault, `FLEET_SWEEP=1/3` every third; otherwise a sample drawn by the seed is tried. */
export const SHARE: number = wanted === 'full' ? 1 : Number(/^1\/(\d+)$/.exec(wanted)?.[1] ?? 0);

/** How often something is tried at random moments. */
export const times = (sampled: number, full: number): number => (SHARE === 0 ? sampled : Math.ceil(full / SHARE));

/** A failing sample is repeated with the seed that its test's name shows. */
export const SEED = Number(process.env.FLEET_SEED ?? 20_251);

/** Numbers from 0 up to, not including, 1, the same ones for the same seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** All of them or a share in a sweep, otherwise so many of them, drawn by the seed and in their own order. */
export function sample<T>(all: readonly T[], count: number, seed = SEED): T[] {
  if (SHARE > 0) return all.filter((_, i) => i % SHARE === seed % SHARE);
  const draw = random(seed);
  const chosen = new Set(
    all
      .map((item) => ({ item, at: draw() }))
      .sort((a, b) => a.at - b.at)
      .slice(0, count)
      .map(({ item }) => item),
  );
  return all.filter((item) => chosen.has(item));
}

/** Says how a sweep went and what it found at once: a full one runs for hours. */
export function tally(line: string, wrong: readonly string[]): void {
  process.stdout.write(`sweep: ${line}, ${wrong.length} wrong\n${wrong.map((text) => `${text}\n`).join('')}`);
}
