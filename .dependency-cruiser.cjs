// Which way the arrows point (docs: "The house"). Every rule is proved by a planted violation in test/house/layers.test.ts.

/** Files beside a port that are no adapters: what every adapter of the port, and whoever uses it, shares. */
const besidePorts = [
  'event-store/loader',
  'event-store/leaf',
  'event-store/owner',
  'event-store/upcast',
  'key-vault/sealer',
  'document-store/cursor',
  'blobs/blob-id',
  'leases/(hold|lease|shards|sightings|clock)',
];
const ports = ['^src/adapters/[^/]+/port[.]ts$', ...besidePorts.map((file) => `^src/adapters/${file}[.]ts$`)];
const providers = '(^|/)node_modules/(openai|@anthropic-ai/sdk|@google/genai|@eventstore/db-client|mongodb|kafkajs)/';
const realThings = ['^(node:)?(sqlite|fs|fs/promises|http|https|net|worker_threads|child_process)$', providers];
const domain = '^src/domain/';
const permissions = '^src/permissions/';
const commands = '^src/commands/';
const projections = '^src/projections/';
const workers = '^src/workers/';
const api = '^src/api/';
const main = '^src/main([.]js$|/)';

/** A layer may import itself and the ones listed, and nothing else of ours. */
const layer = (name, path, allowed) => ({
  name,
  comment: `Allowed here: ${[path, ...allowed].join(' ')}`,
  severity: 'error',
  from: { path },
  to: { path: '^(src|web|packages|test|scripts)/', pathNot: [path, ...allowed] },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'domain-is-pure',
      comment: 'The domain imports zod and itself: no clock, no randomness, no input or output.',
      severity: 'error',
      from: { path: domain },
      to: { pathNot: [domain, '(^|/)node_modules/zod/'] },
    },
    layer('permissions-arrows', permissions, [domain]),
    layer('commands-arrows', commands, [domain, permissions, ...ports]),
    layer('projections-arrows', projections, [domain, permissions, ...ports]),
    layer('workers-arrows', workers, [commands, projections, domain, permissions, ...ports]),
    layer('api-arrows', api, [commands, projections, domain, permissions]),
    {
      name: 'adapter-arrows',
      comment: 'An adapter knows its own folder, the ports and the domain, and what several adapters share.',
      severity: 'error',
      from: { path: '^src/adapters/([^/]+)/' },
      to: {
        path: '^(src|web|packages|test|scripts)/',
        pathNot: ['^src/adapters/$1/', '^src/adapters/mongo/', '^src/adapters/[^/]+[.]ts$', domain, ...ports],
      },
    },
    {
      name: 'port-knows-no-adapter',
      comment: 'Neither a port nor what lies beside it reaches a real thing, however far away.',
      severity: 'error',
      from: { path: ports },
      to: { path: realThings, reachable: true },
    },
    {
      name: 'only-main-picks-adapters',
      comment: 'Concrete adapters are known to the composition root alone.',
      severity: 'error',
      from: { path: '^src/', pathNot: [main, '^src/adapters/'] },
      to: { path: '^src/adapters/', pathNot: ports },
    },
    {
      name: 'nobody-imports-main',
      severity: 'error',
      from: { pathNot: main },
      to: { path: main },
    },
    {
      name: 'real-things-behind-ports',
      comment: 'Databases and model providers are spoken to in adapters.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/adapters/' },
      to: { path: ['^(node:)?sqlite$', providers] },
    },
    {
      name: 'web-knows-no-server',
      severity: 'error',
      from: { path: '^web/' },
      to: { path: '^(src|test|scripts)/' },
    },
    {
      name: 'packages-stand-alone',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^(src|web|test|scripts)/' },
    },
    {
      name: 'server-needs-no-dev-dependency',
      comment: 'What runs must be there after `npm ci --omit=dev`.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm'] },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      comment: 'A module that imports nothing and that nothing imports is dead.',
      severity: 'error',
      from: { orphan: true, pathNot: ['[.]d[.]ts$', '(^|/)(vite[.]config|main|index)[.](js|tsx?)$'] },
      to: {},
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(web|packages/[^/]+)/(dist|public)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['annals-source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.json'],
    },
  },
};
