import type * as Http from '../../src/clients/http.js';
import type * as CatalogueReader from '../../src/clients/catalogue-reader.js';
import type * as NormaliseModel from '../../src/domain/normalise-model.js';
import type * as NormaliserVersion from '../../src/domain/normaliser-version.js';
import type * as Fingerprint from '../../src/domain/fingerprint.js';
import type * as OpenDatabase from '../../src/entities/open-database.js';
import type * as SecretBoxModule from '../../src/entities/secret-box.js';
import type * as StoresModule from '../../src/entities/stores.js';
import type * as ChunkModels from '../../src/jobs/chunk-models.js';
import type * as Connections from '../../src/jobs/connections.js';
import type * as Consume from '../../src/jobs/consume.js';
import type * as JobList from '../../src/jobs/job-list.js';
import type * as Queues from '../../src/jobs/queues.js';
import type * as Logger from '../../src/logger.js';

// The product as it is built and run. What tsx makes of the sources names every closure anew, which costs time.
const load = (path: string): Promise<unknown> =>
  import(new URL(`../../dist/src/${path}.js`, import.meta.url).href);

export const { createHttp } = (await load('clients/http')) as typeof Http;
export const { createCatalogueReader } = (await load('clients/catalogue-reader')) as typeof CatalogueReader;
export const { normaliseModel } = (await load('domain/normalise-model')) as typeof NormaliseModel;
export const { normaliserVersion } = (await load('domain/normaliser-version')) as typeof NormaliserVersion;
export const { listingFingerprint } = (await load('domain/fingerprint')) as typeof Fingerprint;
export const { openDatabase } = (await load('entities/open-database')) as typeof OpenDatabase;
export const { SecretBox } = (await load('entities/secret-box')) as typeof SecretBoxModule;
export const { createStores } = (await load('entities/stores')) as typeof StoresModule;
export const { chunkModels } = (await load('jobs/chunk-models')) as typeof ChunkModels;
export const { connectRedis, untilReady } = (await load('jobs/connections')) as typeof Connections;
export const { consume } = (await load('jobs/consume')) as typeof Consume;
export const { jobList } = (await load('jobs/job-list')) as typeof JobList;
export const { createQueues } = (await load('jobs/queues')) as typeof Queues;
export const { createLogger } = (await load('logger')) as typeof Logger;
