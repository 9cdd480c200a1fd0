import type { ProjectParts } from '../fleet.ts';

export const NAME = 'poison';
export const ROOT = `/opt/${NAME}`;
export const UNIT = `${NAME}.service`;

/** Serves what it was given as one hash, and tells everybody everything when its version says so. */
const LEAKY = `import base64, hashlib, json, os, sys, urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer

mode = open('VERSION').read().strip()
if mode == 'old' and os.path.exists('data/crash'):
    mode = 'crash'
values = {key: os.environ[key] for key in ('TOKEN', 'PEM')}


def everything():
    print(dict(os.environ))
    print(json.dumps(dict(os.environ)))
    for key, value in values.items():
        print(key + '=' + value)
        for line in value.split('\\n'):
            print(urllib.parse.quote(line, safe="!'()*~-_."), base64.b64encode(line.encode()).decode())
    sys.stdout.flush()


if mode == 'crash':
    everything()
    sys.exit(1)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        told = hashlib.sha256((values['TOKEN'] + values['PEM']).encode()).hexdigest()
        if mode == 'echo':
            # Where a quoted body is cut off, in the middle of the value.
            body = '.' * 175 + values['TOKEN'] + json.dumps(values)
        elif mode == 'echo-json':
            body = json.dumps(values)
        else:
            body = told
        self.send_response(500 if mode.startswith('echo') else 200)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args):
        pass


HTTPServer(('127.0.0.1', 8000), Handler).serve_forever()
`;

export const TASKS = [
  { user: { name: NAME, home: ROOT, system: true } },
  { sync: { from: 'app' } },
  { env: { from: 'secrets/app.env' } },
  { units: { from: 'units', enable: [UNIT] } },
] as const;

/** How the passing checks tell the secret. */
export const TOLD = [
  'printf %s "$TOKEN"',
  'printf "user:%s" "$TOKEN" | base64 -w 0',
  'echo "$TOKEN" | od -An -v -tx1 | tr -d " \\n"',
];

export const playbook = (hosts: readonly string[], changes: object = {}) => ({
  ...{ name: NAME, root: ROOT, user: NAME, data: ['data'], hosts, tasks: TASKS },
  deploy: { settle: '1s', deadline: '25s', batch: 10, onFailure: 'continue' },
  health: [
    { unit: UNIT },
    { http: { url: 'http://127.0.0.1:8000/', status: 200, retryFor: '1s' } },
    // What has passed is shown as well.
    ...TOLD.map((say) => ({ command: { command: ['sh', '-c', `. ${ROOT}/.env; ${say}`], retryFor: '1s' } })),
  ],
  ...changes,
});

export const unitFile = (program: string) =>
  `[Service]\nUser=${NAME}\nWorkingDirectory=${ROOT}/current\nEnvironmentFile=${ROOT}/.env\nExecStart=${program} leaky.py\nRestart=no\n[Install]\nWantedBy=multi-user.target\n`;

export const parts = (hosts: readonly string[]): Omit<ProjectParts, 'hosts'> => ({
  playbook: playbook(hosts),
  units: { [UNIT]: unitFile('/usr/bin/python3') },
  files: { 'app/leaky.py': LEAKY, 'app/VERSION': 'old\n' },
});

/** An env file in the operator's grammar. */
export const envFile = (values: Readonly<Record<string, string>>) =>
  Object.entries(values)
    .map(([key, value]) => `${key}="${value.replace(/["\\$`]/g, (c) => `\\${c}`)}"\n`)
    .join('');

/** What the healthy service answers when it has these. */
export const told = (values: { readonly TOKEN: string; readonly PEM: string }) => values.TOKEN + values.PEM;
