/** One host's part in a barrier. */
export type Participant = {
  /**
   * Waits until every host has come this far or had nothing to do. Who cannot wait for longer than that fails it for all:
   * it could not keep its word afterwards.
   * @returns false as soon as one of them failed
   */
  arrive(withinMs?: number): Promise<boolean>;
  /** Called once, when the host has ended. @param well whether its end holds the others up */
  leave(well: boolean): void;
};

/** Holds hosts until all of them have come as far, for `confirm: together`. */
export function barrier(hosts: number): () => Participant {
  let expected = hosts;
  let failed = false;
  const waiting: ((all: boolean) => void)[] = [];
  const open = () => {
    if (expected > 0 && !failed) return;
    for (const go of waiting.splice(0)) go(!failed);
  };
  return () => {
    let counted = false;
    const count = () => {
      if (!counted) expected -= 1;
      counted = true;
    };
    return {
      arrive(withinMs) {
        count();
        return new Promise((resolve) => {
          const late = () => {
            failed = true;
            open();
          };
          const timer = withinMs === undefined ? undefined : setTimeout(late, Math.max(0, withinMs));
          waiting.push((all) => {
            clearTimeout(timer);
            resolve(all);
          });
          open();
        });
      },
      leave(well) {
        // Who has passed the barrier has decided; its end changes nothing for the others.
        if (counted) return;
        count();
        if (!well) failed = true;
        open();
      },
    };
  };
}
