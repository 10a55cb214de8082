/** The import rule of ARCHITECTURE.md: arrows only go down, no circles, one library in one room. */
const room = (name) => `^src/${name}/`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: ['\\.d\\.ts$'] },
      to: {},
    },
    {
      name: 'nobody-imports-main',
      severity: 'error',
      from: { pathNot: room('main') },
      to: { path: room('main') },
    },
    {
      name: 'api-goes-down-only',
      severity: 'error',
      from: { path: room('api') },
      to: {
        path: ['^src/', '^sandbox/'],
        pathNot: [room('api'), room('jobs'), room('entities'), room('domain'), '^src/(config|logger)\\.ts$'],
      },
    },
    {
      name: 'api-does-not-run-the-worker-loop',
      severity: 'error',
      from: { path: room('api') },
      to: { path: '^src/jobs/consume\\.ts$' },
    },
    {
      name: 'jobs-go-down-only',
      comment: 'the outside world reaches a job as a port only',
      severity: 'error',
      from: { path: room('jobs') },
      to: {
        path: ['^src/', '^sandbox/'],
        pathNot: [room('jobs'), room('entities'), room('domain'), '^src/(config|logger)\\.ts$'],
      },
    },
    {
      name: 'clients-know-the-domain-only',
      severity: 'error',
      from: { path: room('clients') },
      to: { path: ['^src/', '^sandbox/'], pathNot: [room('clients'), room('domain')] },
    },
    {
      name: 'entities-know-the-domain-only',
      severity: 'error',
      from: { path: room('entities') },
      to: { path: ['^src/', '^sandbox/'], pathNot: [room('entities'), room('domain')] },
    },
    {
      name: 'domain-is-pure',
      comment: 'no I/O, no clock, no randomness: zod, and the pure parts that ADR 2 names',
      severity: 'error',
      from: { path: room('domain') },
      to: {
        pathNot: [
          room('domain'),
          'node_modules/zod',
          'node_modules/uuid',
          'node_modules/ipaddr\\.js',
          '^(node:)?crypto$',
        ],
      },
    },
    {
      name: 'config-and-logger-know-nothing',
      severity: 'error',
      from: { path: '^src/(config|logger)\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(config|logger)\\.ts$' },
    },
    {
      name: 'only-clients-know-got',
      severity: 'error',
      from: { path: '^src/', pathNot: room('clients') },
      to: { path: 'node_modules/got' },
    },
    {
      name: 'only-entities-know-the-database',
      severity: 'error',
      from: { path: '^src/', pathNot: room('entities') },
      to: { path: 'node_modules/(typeorm|better-sqlite3)' },
    },
    {
      name: 'product-does-not-know-its-sandbox',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(sandbox|tests|bench)/' },
    },
    { name: 'sandbox-stands-alone', severity: 'error', from: { path: '^sandbox/' }, to: { path: '^src/' } },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
