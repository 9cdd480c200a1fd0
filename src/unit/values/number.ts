const NUMBER = /^\s*([+-]?)(0x[\da-f]+|0b[01]+|0o[0-7]+|0[0-7]*|[1-9]\d*)$/i;

/** A whole number as the C library reads it: decimal, 0x, or octal behind a leading 0. Null for anything else. */
export function wholeNumber(text: string): number | null {
  const [, sign, digits = ''] = NUMBER.exec(text) ?? [];
  if (sign === undefined) return null;
  const value = Number(/^0\d/.test(digits) ? `0o${digits}` : digits.toLowerCase());
  return sign === '-' ? -value : value;
}

export const isWithin = (text: string, low: number, high: number): boolean => {
  const value = wholeNumber(text);
  return value !== null && value >= low && value <= high;
};
