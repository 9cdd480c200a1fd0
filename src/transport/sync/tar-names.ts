/**
 * A GNU record that gives the next entry its name ('L') or its link target ('K'). Busybox tar skips the pax records that
 * a library would write for names beyond ASCII or 100 bytes, and then extracts files under wrong names.
 */
export function longNameRecord(kind: 'L' | 'K', name: string): Buffer {
  const body = Buffer.from(`${name}\0`);
  const record = Buffer.alloc(512 + Math.ceil(body.length / 512) * 512);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  record.write('././@LongLink', 0);
  record.write(octal(0o644, 7), 100);
  record.write(octal(0, 7), 108);
  record.write(octal(0, 7), 116);
  record.write(octal(body.length, 11), 124);
  record.write(octal(0, 11), 136);
  record.write(' '.repeat(8), 148);
  record.write(kind, 156);
  record.write('ustar  ', 257);
  const checksum = record.subarray(0, 512).reduce((sum, byte) => sum + byte, 0);
  record.write(`${octal(checksum, 6)}\0`, 148);
  body.copy(record, 512);
  return record;
}

/** Whether a name stands in a plain header, in full. */
export function fitsHeader(name: string): boolean {
  return name.length <= 99 && !/[^\0-\x7f]/.test(name);
}
