const SECRET =
  /(^|_)(TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|PWD|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|SECRET_?KEY|CREDENTIALS?)$/i;

/** Whether a variable's or an option's name says that its value is a secret. */
export const namesSecret = (name: string): boolean => SECRET.test(name.replaceAll('-', '_'));

/** Whether a text looks like the secret itself, not like a path, a switch or a variable that holds it. */
export const looksSecret = (value: string): boolean =>
  value.length >= 6 && !/^[/~$%]|^(true|false|disabled|enabled|required)$/i.test(value);

/** `scheme://user:password@host`. */
export const hasUrlPassword = (text: string): boolean => /\w+:\/\/[^/\s:@]*:[^/\s@$%{]+@/.test(text);
