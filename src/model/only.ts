/** The one part that a deploy brings from the project; all else stays as the active generation has it. */
export type Only =
  | { readonly part: 'env' }
  | {
      readonly part: 'instances';
      readonly change: 'add' | 'remove';
      /** Which template, where an app has several. */
      readonly of: string;
      readonly names: readonly string[];
    };
