import { it } from 'vitest';

type Body = () => void | Promise<void>;
type Step = (
  name: string,
  ...rest: readonly [body: Body] | readonly [options: { timeout: number }, body: Body]
) => void;

/** Milliseconds for one step. */
const USUAL = 120_000;

/**
 * Tests that each go on from where the one before has left the host. One that is run alone, with `-t`, has those before
 * it run first, and their time. One for each `describe`: what stands in an inner one is collected after the outer one.
 * Those of a `describe.concurrent` go on beside each other, and each keeps its order.
 */
export function story(): Step {
  const steps: { readonly body: Body; begun: boolean }[] = [];
  let time = 0;
  return (name, ...rest) => {
    const [options, body] = rest.length === 1 ? [{ timeout: USUAL }, rest[0]] : rest;
    steps.push({ body, begun: false });
    time += options.timeout;
    const [all, timeout] = [steps.length, time];
    it(name, { timeout, concurrent: false }, async () => {
      for (const step of steps.slice(0, all).filter(({ begun }) => !begun)) {
        step.begun = true;
        await step.body();
      }
    });
  };
}
