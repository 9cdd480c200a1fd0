/** One host's part in a barrier. */
export type Participant = {
  /** Waits until every host has come this far or had nothing to do. @returns false as soon as one of them failed */
  arrive(): Promise<boolean>;
  /** Called once, when the host has ended. @param well whether its end holds the others up */
  leave(well: boolean): void;
};

/** Holds hosts at the confirmation until all of them are ready, for `confirm: together`. */
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
      arrive() {
        count();
        return new Promise((resolve) => {
          waiting.push(resolve);
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
