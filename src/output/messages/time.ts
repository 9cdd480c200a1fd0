/** How long something has been going on, in whole seconds so that it does not flicker. @param ms milliseconds */
export const elapsed = (ms: number): string => (ms < 9950 ? `${Math.floor(Math.max(0, ms) / 1000)}s` : duration(ms));

/** A duration as people say it: `0.4s`, `12s`, `3m 04s`. @param ms milliseconds */
export function duration(ms: number): string {
  if (ms < 9950) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  return `${Math.floor(seconds / 60)}m ${String(seconds % 60).padStart(2, '0')}s`;
}

/** A long time as people say it: `45s`, `8m`, `2h 05m`, `3d 4h`. @param ms milliseconds */
export function span(ms: number): string {
  const minutes = Math.floor(Math.max(0, ms) / 60_000);
  if (minutes < 1) return `${Math.floor(Math.max(0, ms) / 1000)}s`;
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h ${String(minutes % 60).padStart(2, '0')}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** A moment as it is told at another one: `14:03 UTC`, on another day `2026-01-02 14:03 UTC`. */
export function moment(at: number, now: number): string {
  const [day, time] = [new Date(at).toISOString().slice(0, 10), new Date(at).toISOString().slice(11, 16)];
  return `${day === new Date(now).toISOString().slice(0, 10) ? '' : `${day} `}${time} UTC`;
}
