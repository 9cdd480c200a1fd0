/** What an account may be called on a lax host. */
export const isAccount = (text: string): boolean =>
  /^\d+$/.test(text)
    ? /^(0|[1-9]\d*)$/.test(text) && Number(text) < 0xffff_ffff && Number(text) !== 0xffff
    : text !== '' && !/^\.{1,2}$|^\s|\s$|^-\d+$|[:/\x00-\x1f\x7f]/.test(text) && text.length < 256;

/** A name that every tool takes. */
export const isStrictAccount = (text: string): boolean => /^(\d+|[A-Za-z_][\w-]{0,30})$/.test(text);
