// A small web app: greets, counts its visits in data/visits, and says how it is at /health.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const VERSION = '1';
const HEALTHY = true;

const { PORT = '8000', GREETING = 'hello' } = process.env;

function visits() {
  try {
    return Number(readFileSync('data/visits', 'utf8'));
  } catch {
    return 0;
  }
}

const server = createServer((request, response) => {
  const answer = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(`${JSON.stringify(body)}\n`);
  };
  if (request.url === '/health') return answer(HEALTHY ? 200 : 500, { ok: HEALTHY, version: VERSION });
  if (request.url !== '/') return answer(404, { ok: false });
  const count = visits() + 1;
  mkdirSync('data', { recursive: true });
  writeFileSync('data/visits', String(count));
  return answer(200, { greeting: GREETING, version: VERSION, visits: count });
});

server.listen(Number(PORT), '127.0.0.1', () => process.stdout.write(`version ${VERSION} listens on port ${PORT}\n`));
