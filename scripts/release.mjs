// `npm run release -- 1.2.3` makes a version: what stands below "Not released" in CHANGELOG.md becomes its section, and the
// commit gets its tag. It pushes and publishes nothing: a pushed tag does (.github/workflows/release.yml).
// `… check` refuses what is not such a version, before npm publishes; `… notes` prints what the version brings.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const OPEN = '## Not released';

function fail(text) {
  process.stderr.write(`release: ${text}\n`);
  process.exit(1);
}

function run(command, ...args) {
  const { error, status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (error !== undefined || status !== 0)
    fail(`${command} ${args.join(' ')}: ${error?.message ?? `${stdout}${stderr}`.trim()}`);
  return stdout.trim();
}

const read = (file) => readFileSync(`${root}${file}`, 'utf8');
const own = () => JSON.parse(read('package.json')).version;

/** What stands below a heading of CHANGELOG.md; null where there is no such heading. */
function section(changes, heading) {
  const [, below] = changes.split(new RegExp(`^${heading}.*\\n`, 'm'));
  return below === undefined ? null : below.split(/^## /m)[0].trim();
}
const notes = (version) =>
  section(read('CHANGELOG.md'), `## ${version.replaceAll('.', '\\.')}, \\d{4}-\\d\\d-\\d\\d`) || null;

const CI = 'docs/guides/ci.md';
const USED = /(fleet\/\.github\/actions\/deploy@v|@fleet-deploy\/fleet@)(VERSION|\d+\.\d+\.\d+)/g;

/** What jobs of others copy names this version; the placeholder of the time before the first one is gone with it. */
function versionIn(page, version) {
  if (page.search(USED) < 0) fail(`${CI} names no version of the action or of the package`);
  return page.replace(USED, (_, before) => `${before}${version}`).replace(/^`VERSION` below is .*?\n\n/ms, '');
}

function make(version) {
  const [next, before] = [version, own()].map((text) => /^(\d+)\.(\d+)\.(\d+)$/.exec(text)?.slice(1).map(Number));
  if (next === undefined) fail(`${version} is no version: say three numbers, such as 1.2.3`);
  const later = next.map((part, i) => part - before[i]).find((difference) => difference !== 0) ?? 0;
  if (later <= 0) fail(`${version} is not later than ${own()}`);
  if (run('git', 'status', '--porcelain') !== '') fail('something is not committed');
  const changes = read('CHANGELOG.md');
  if (!section(changes, OPEN)) fail(`CHANGELOG.md says nothing below "${OPEN}"`);
  const page = versionIn(read(CI), version);
  const day = new Date().toISOString().slice(0, 10);
  writeFileSync(`${root}CHANGELOG.md`, changes.replace(OPEN, `${OPEN}\n\n## ${version}, ${day}`));
  writeFileSync(`${root}${CI}`, page);
  run('npm', 'version', version, '--no-git-tag-version', '--ignore-scripts');
  run('git', 'commit', '--all', '--message', `Version ${version}`);
  run('git', 'tag', '--annotate', `v${version}`, '--message', `fleet ${version}`);
  process.stdout.write(`v${version} is made, and nobody knows of it yet: git push --follow-tags\n`);
}

function check() {
  const version = own();
  const tags = run('git', 'tag', '--points-at', 'HEAD').split('\n');
  if (!tags.includes(`v${version}`))
    fail(`this commit has no tag v${version}: \`npm run release -- VERSION\` makes one`);
  if (run('git', 'status', '--porcelain') !== '') fail('something is not committed');
  if (notes(version) === null) fail(`CHANGELOG.md has no section "## ${version}, DAY" that says something`);
  const built = read('dist/bin/commit').trim();
  if (built !== run('git', 'rev-parse', 'HEAD')) fail(`dist was built from ${built}: npm run build`);
}

const [what = '', ...more] = process.argv.slice(2);
if (more.length > 0 || what === '') fail('say a version, such as 1.2.3, or check, or notes');
else if (what === 'check') check();
else if (what === 'notes')
  process.stdout.write(`${notes(own()) ?? fail('CHANGELOG.md says nothing of this version')}\n`);
else make(what);
