/** How long something has been going on, in whole seconds so that it does not flicker. @param ms milliseconds */
export const elapsed = (ms: number): string => (ms < 9950 ? `${Math.floor(Math.max(0, ms) / 1000)}s` : duration(ms));

/** A duration as people say it: `0.4s`, `12s`, `3m 04s`. @param ms milliseconds */
export function duration(ms: number): string {
  if (ms < 9950) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  return `${Math.floor(seconds / 60)}m ${String(seconds % 60).padStart(2, '0')}s`;
}
