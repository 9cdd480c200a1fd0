/** A stream to write text to that never throws, never fails late, and goes silent when nobody reads it any more. */
export interface Sink {
  write(text: string): void;
  /** Resolves when what was written has left, or cannot leave any more. */
  flush(): Promise<void>;
}

/** One sink per stream, however many runs are shown on it: a listener more for each would pile up. */
const sinks = new WeakMap<NodeJS.WritableStream, Sink>();

export function sinkTo(stream: NodeJS.WritableStream): Sink {
  const sink = sinks.get(stream) ?? guard(stream);
  sinks.set(stream, sink);
  return sink;
}

/**
 * `fleet deploy | head` closes the pipe in mid-run: a deploy must not stop half-way for that, so the rest is dropped.
 * The listener stays for good, since a stream reports a closed pipe later and more than once.
 */
function guard(stream: NodeJS.WritableStream): Sink {
  let closed = false;
  const waiting = new Set<() => void>();
  const end = () => {
    closed = true;
    for (const done of waiting) done();
    waiting.clear();
  };
  stream.on('error', end);
  stream.on('close', end);
  return {
    write(text) {
      if (closed || text === '') return;
      try {
        stream.write(text);
      } catch {
        end();
      }
    },
    flush() {
      if (closed) return Promise.resolve();
      return new Promise((resolve) => {
        waiting.add(resolve);
        try {
          stream.write('', () => {
            waiting.delete(resolve);
            resolve();
          });
        } catch {
          end();
        }
      });
    },
  };
}
