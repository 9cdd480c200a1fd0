/** Something in a unit file that systemd drops (`ignored`) or that keeps the whole unit from loading (`refused`). */
export type Problem = {
  /** Path relative to the unit directory. */
  readonly file: string;
  /** 1-based; 0 when the problem is an absence. */
  readonly line: number;
  readonly message: string;
  /** The same without a word that may be a secret, where it has one. */
  readonly veiled?: string;
  readonly effect: 'ignored' | 'refused';
};
