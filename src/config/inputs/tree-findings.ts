import { open, readdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { TreeEntry } from '../../model/plan.ts';

/** Beginnings of files are enough to tell what they are. */
const HEAD = 64 * 1024;

const PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----|^PuTTY-User-Key-File/m;
/** A password or token inside of an address: `https://user:secret@host`. */
const IN_ADDRESS = /:\/\/[^\s/@:]*:[^\s/@]+@|:\/\/(gh[a-z]_|github_pat_|glpat-)[^\s/@]*@/;

type Suspect = {
  /** Of the path within the tree, which begins with a slash here. */
  readonly path: RegExp;
  /** What of the content makes it a secret; null where the name says it all. */
  readonly content: RegExp | null;
  readonly what: string;
};

const SUSPECTS: readonly Suspect[] = [
  { path: /\/id_(rsa|dsa|ecdsa|ed25519|ecdsa_sk|ed25519_sk)$/, content: null, what: 'a private SSH key' },
  { path: /\/id_[^/.]*$/, content: PRIVATE_KEY, what: 'a private SSH key' },
  { path: /\.(key|ppk|p8)$/, content: PRIVATE_KEY, what: 'a private key' },
  { path: /\.(p12|pfx|jks|keystore|kdbx)$/, content: null, what: 'a store of keys' },
  {
    path: /\/\.git\/config$/,
    content: /:\/\/[^\s/@:]*:[^\s/@]+@|:\/\/[^\s/@:]{20,}@|extraheader\s*=/i,
    what: 'a token',
  },
  {
    path: /\/\.(npmrc|yarnrc|yarnrc\.yml)$/,
    content: /(_authToken|_auth|_password|npmAuthToken|npmAuthIdent)\b/,
    what: 'a token',
  },
  { path: /\/\.pypirc$/, content: /^\s*password\s*[=:]/m, what: 'a password' },
  { path: /\/pip\.conf$|\/requirements[^/]*\.txt$|\/\.gitmodules$/, content: IN_ADDRESS, what: 'a password or token' },
  { path: /\/\.?docker\/config\.json$|\/\.dockercfg$/, content: /"(auth|identitytoken)"\s*:/, what: 'a login' },
  { path: /\/\.(netrc|git-credentials|pgpass|htpasswd|vault-token)$/, content: null, what: 'passwords' },
  {
    path: /\.env$/,
    content: /^\s*(export\s+)?\w*(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY)\w*\s*=\s*\S/im,
    what: 'passwords or tokens',
  },
  { path: /\/\.kube\/config$/, content: /^\s*(token|password|client-key-data)\s*:/m, what: 'a login' },
  { path: /\/\.aws\/credentials$/, content: null, what: 'access keys' },
  {
    path: /\/credentials\.json$|service[-_]?account[^/]*\.json$/,
    content: /PRIVATE KEY|"(refresh_token|client_secret)"/,
    what: 'a login',
  },
  { path: /\.tfstate$/, content: null, what: "Terraform's state, secrets included" },
];

/** Most names of a large tree are nobody's suspects. */
const SUSPICIOUS = new RegExp([...SUSPECTS.map(({ path }) => path.source), '\\.pem$'].join('|'));

/** A certificate is public, and so is a public key; of what else ends in .pem nobody can tell. */
const isPublicPem = (text: string) =>
  /-----BEGIN ([A-Z0-9 ]*CERTIFICATE|X509 CRL|[A-Z ]*PUBLIC KEY|[A-Z0-9 ]*PARAMETERS)-----/.test(text) &&
  !PRIVATE_KEY.test(text);

/**
 * What an operator should know of a tree before it travels: names only, nothing of any content.
 * @param left data folders of the app that are folders here @param excluded whether the playbook leaves a folder out
 */
export async function treeFindings(
  root: string,
  shown: string,
  entries: readonly TreeEntry[],
  left: readonly string[],
  excluded: (folder: string) => boolean,
): Promise<readonly string[]> {
  const found = [
    ...secretsIn(root, shown, entries),
    ...emptySubmodules(root, shown, entries, excluded),
    ...left.map((folder) => leftBehind(root, shown, folder)),
  ];
  return (await Promise.all(found)).filter((text) => text !== null);
}

function secretsIn(root: string, shown: string, entries: readonly TreeEntry[]): Promise<string | null>[] {
  const suspicious = entries.filter(({ type, path }) => type === 'file' && SUSPICIOUS.test(`/${path}`));
  return suspicious.map(async ({ path }) => {
    const suspects = SUSPECTS.filter((one) => one.path.test(`/${path}`));
    const pem = path.endsWith('.pem');
    const text = await headOf(join(root, path));
    const suspect = suspects.find(({ content }) => content === null || content.test(text));
    const what = suspect?.what ?? (pem && !isPublicPem(text) ? 'a private key' : null);
    if (what === null) return null;
    return `${shown}/${path} looks like ${what}, and goes to the hosts with the code: exclude it, and give secrets with the env task`;
  });
}

/** A folder that a clone without its submodules leaves empty, and git does not mind. */
function emptySubmodules(
  root: string,
  shown: string,
  entries: readonly TreeEntry[],
  excluded: (folder: string) => boolean,
): Promise<string | null>[] {
  const modules = entries.filter(({ type, path }) => type === 'file' && posix.basename(path) === '.gitmodules');
  const holds = (folder: string) =>
    entries.some(({ path }) => path.startsWith(`${folder}/`) && !path.startsWith(`${folder}/.git`));
  return modules.map(async ({ path }) => {
    const text = await headOf(join(root, path));
    const folders = [...text.matchAll(/^\s*path\s*=\s*"?([^"\n]+?)"?\s*$/gm)].map(([, name = '']) =>
      posix.join(posix.dirname(path), name),
    );
    const empty = folders.filter((folder) => !excluded(folder) && !holds(folder));
    if (empty.length === 0) return null;
    const names = empty.map((folder) => `${shown}/${folder}`).join(', ');
    return `${names}: a git submodule that holds nothing; git submodule update --init --recursive`;
  });
}

async function leftBehind(root: string, shown: string, folder: string): Promise<string | null> {
  const names = await readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(() => []);
  const files = names.filter((entry) => !entry.isDirectory() && !/^\.(git(keep|ignore)|keep)$/.test(entry.name));
  if (files.length === 0) return null;
  const count = files.length === 1 ? '1 file' : `${files.length} files`;
  return `${shown}/${folder} holds ${count} that ${files.length === 1 ? 'is' : 'are'} not sent: ${folder} is a data folder, which belongs to the host`;
}

async function headOf(file: string): Promise<string> {
  try {
    await using handle = await open(file);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } catch {
    // Whoever reads the file itself says why it cannot be read.
    return '';
  }
}
