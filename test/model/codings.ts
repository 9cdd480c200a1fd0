/** How programs show a value, by the name of what does it; written without the product's own code. */
export const CODINGS: Readonly<Record<string, (value: string) => string>> = {
  plain: (value) => value,
  base64: (value) => Buffer.from(value).toString('base64'),
  'base64 of a line': (value) => Buffer.from(`${value}\n`).toString('base64'),
  'base64 without padding': (value) => Buffer.from(value).toString('base64').replace(/=+$/, ''),
  'base64 for URLs': (value) => Buffer.from(value).toString('base64url'),
  'base64 in lines': (value) => Buffer.from(value).toString('base64').replace(/.{76}/g, '$&\n'),
  'Basic of a': (value) => Buffer.from(`a:${value}`).toString('base64'),
  'Basic of an': (value) => Buffer.from(`an:${value}`).toString('base64'),
  'Basic of ann': (value) => Buffer.from(`ann:${value}`).toString('base64'),
  'base64 in the midst': (value) => Buffer.from(`{"k":"${value}","next":1}`).toString('base64'),
  hex: (value) => Buffer.from(value).toString('hex'),
  'hex in capitals': (value) => Buffer.from(value).toString('hex').toUpperCase(),
  encodeURIComponent: (value) => encodeURIComponent(value),
  'quote of Python': (value) => strict(value).replaceAll('%2F', '/'),
  'quote_plus of Python': (value) => strict(value).replaceAll('%20', '+'),
  'curl --data-urlencode': strict,
  'small letters in a URL': (value) => strict(value).replace(/%../g, (code) => code.toLowerCase()),
  'a form': (value) => new URLSearchParams([['', value]]).toString().slice(1),
  json: (value) => JSON.stringify(value).slice(1, -1),
};

function strict(value: string): string {
  return encodeURIComponent(value).replace(/[!*'()]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
