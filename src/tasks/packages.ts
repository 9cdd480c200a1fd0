import { z } from 'zod';
import { EMPTY_TASK_PLAN } from '../model/plan.ts';
import { type Script, sh } from '../shell/sh.ts';
import { defineTask } from './define.ts';
import { distinct } from './fields.ts';

// A dash at the end would be an order to apt-get: `nginx-` removes nginx.
const NAME = /^[A-Za-z0-9][A-Za-z0-9.+_-]*[A-Za-z0-9+](:[a-z0-9]+)?$|^[A-Za-z0-9]$/;

const schema = distinct(
  z
    .string()
    .regex(NAME, 'must be letters, digits and ".+_-", begin with a letter or digit and not end in ".", "_" or "-"'),
  (name) => name,
)
  .min(1)
  .meta({ examples: [['python3', 'logrotate']] });

// biome-ignore lint/suspicious/noTemplateCurlyInString: a field of dpkg-query
const DPKG_STATUS = '${db:Status-Status}\\n';

type Manager = 'apt' | 'dnf' | 'yum' | 'apk';
const isManager = (word: string | undefined): word is Manager => /^(apt|dnf|yum|apk)$/.test(word ?? '');

/** Installs quietly; where the lists of what exists may be old or absent, they are fetched after a first failure. */
function install(manager: Manager, names: readonly string[]): Script {
  const apt = sh`apt-get install -y -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold ${names}`;
  switch (manager) {
    case 'apt':
      return sh`export DEBIAN_FRONTEND=noninteractive
${apt} || { apt-get update && ${apt}; }`;
    case 'dnf':
      return sh`dnf install -y ${names}`;
    case 'yum':
      return sh`yum install -y ${names}`;
    case 'apk':
      return sh`apk add ${names} || { apk update && apk add ${names}; }`;
  }
}

/** Packages of the host's own package manager; only missing ones are installed, and they stay. */
export const packages = defineTask({
  kind: 'packages',
  about: "Installs missing packages by the host's own apt, dnf, yum or apk; they stay.",
  schema,
  local: async () => null,

  probe: (names) => sh`(
has() { command -v "$1" >/dev/null 2>&1; }
m=none
if has apt-get && has dpkg-query; then m=apt; elif has rpm && has dnf; then m=dnf; elif has rpm && has yum; then m=yum; elif has apk; then m=apk; fi
echo "manager $m"
for p in ${names}; do
  case $m in
    apt) dpkg-query -W -f ${DPKG_STATUS} "$p" | grep -qx installed ;;
    dnf | yum) rpm -q "$p" || rpm -q --whatprovides "$p" ;;
    apk) apk info -e "$p" ;;
    *) false ;;
  esac >/dev/null 2>&1 && echo yes || echo no
done
)`,

  /** The manager, and for each package in order whether it is installed. */
  parse(stdout) {
    const [first, ...rest] = stdout.split('\n').map((line) => line.trim());
    return { manager: first?.replace(/^manager /, ''), installed: rest.map((line) => line === 'yes') };
  },

  plan({ spec: names }, { manager, installed }, { host }) {
    const missing = names.filter((_name, i) => installed[i] !== true);
    const list = missing.join(', ');
    if (missing.length === 0) return EMPTY_TASK_PLAN;
    if (!isManager(manager)) {
      return { ...EMPTY_TASK_PLAN, unsupported: [`apt-get, dnf, yum or apk, to look after the packages ${list}`] };
    }
    if (host.uid !== 0) return { ...EMPTY_TASK_PLAN, unsupported: [`root, to install the packages ${list}`] };
    const apply = install(manager, missing);
    return {
      ...EMPTY_TASK_PLAN,
      prepare: [
        {
          ...{ id: `packages:${missing.join('+')}`, title: `install ${list}`, timeoutMs: 600_000 },
          ...{ apply, undo: 'keep', makes: { kind: 'packages', name: list } },
        },
      ],
    };
  },
});
