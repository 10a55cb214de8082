import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pause } from '../../sandbox/pause.js';
import { createCatalogueReader } from '../../src/clients/catalogue-reader.js';
import { createHttp } from '../../src/clients/http.js';
import { createLitellmAdmin } from '../../src/clients/litellm-admin.js';
import { markerOf } from '../../src/domain/deployment-body.js';
import { listingFingerprint } from '../../src/domain/fingerprint.js';
import { litellmModes } from '../../src/domain/kinds.js';
import { passesFilter } from '../../src/domain/model-filter.js';
import { normaliseModel } from '../../src/domain/normalise-model.js';
import type { DestinationRow, ProviderAccess } from '../../src/domain/ports.js';
import { Product, type Run } from '../support/product.js';
import { until } from '../support/until.js';
import { liveSettings } from './live-settings.js';

/** A real LiteLLM reloads at each write, and its replicas learn of a change within 30 s. */
const patienceMs = 600_000;
const pollSeconds = 30;
/** Enough to see a sync, few enough for a proxy that others use. */
const modelsOfEach = 2;

const { ollama, openai, litellm } = liveSettings();
const providers = [ollama, openai].filter((access) => access !== undefined);
const http = createHttp();
const catalogues = createCatalogueReader(http);
const destination = createLitellmAdmin(http);
const { signal } = new AbortController();

function tell(text: string): void {
  process.stdout.write(`live: ${text}\n`);
}

if (providers.length === 0 && litellm === undefined) {
  const words = 'live tests are skipped: copy tests/example.env to tests/.env and fill in your servers';
  test(words, () => {
    process.stdout.write(`${words}\n`);
  });
}

for (const access of [...providers, ...(litellm ? [litellm] : [])]) {
  describe(`the ${access.kind} client against ${new URL(access.baseUrl).host}`, () => {
    test(
      'reads the list, and details where there are any, and makes models of them',
      async () => {
        const { entries, skipped, calls } = await catalogues.list(access, signal);
        tell(`${access.kind} lists ${entries.length} models in ${calls} call(s), ${skipped.length} skipped`);
        expect(new Set(entries.map(({ modelId }) => modelId)).size).toBe(entries.length);
        for (const { modelId, listing } of entries.slice(0, 3)) {
          const { details, detailsError } = await catalogues.details(access, modelId, signal);
          expect(detailsError).toBeUndefined();
          if (catalogues.hasDetails(access)) expect(details).toBeDefined();
          const found = { modelId, listing, fingerprint: listingFingerprint(listing) };
          const model = normaliseModel(access.kind, { ...found, ...(details && { details }) });
          expect(litellmModes).toContain(model.mode);
          tell(
            `${modelId}: ${model.mode}, at most ${model.maxContextWindow ?? 'an unknown number of'} tokens`,
          );
        }
      },
      patienceMs,
    );
  });
}

if (litellm !== undefined) {
  describe('the admin client of LiteLLM', () => {
    test(
      'tells the version, lists the rows, finds one by its id, and tells when there is none',
      async () => {
        const version = await destination.version(litellm, signal);
        const rows = await destination.list(litellm, signal);
        tell(`LiteLLM ${version ?? 'of an unknown version'} serves ${rows.length} rows`);
        const [first] = rows;
        if (first) expect((await destination.served(litellm, first.id, signal))?.id).toBe(first.id);
        expect(await destination.served(litellm, randomUUID(), signal)).toBeUndefined();
        expect(await destination.stored(litellm, randomUUID(), signal)).toBeUndefined();
      },
      patienceMs,
    );
  });
}

if (litellm !== undefined && providers.length > 0) wholeSync(litellm);

function wholeSync(target: ProviderAccess): void {
  describe('one whole sync', () => {
    const prefix = `live-test-${randomUUID().slice(0, 8)}`;
    const expected: string[] = [];
    const ids: number[] = [];
    let product: Product;
    let before: DestinationRow[];
    let instanceId: string;

    beforeAll(async () => {
      product = await Product.start({
        litellmUrl: target.baseUrl,
        litellmKey: target.apiKey ?? 'sk-none',
        pollSeconds,
      });
      ({ instanceId } = await product.stores.settings.get());
      before = await destination.list(target, signal);
      for (const access of providers) await add(access);
      await product.idle(patienceMs); // the first reconcile would count pushes of the sync as its own
    }, patienceMs);

    afterAll(async () => {
      // Also after a failure nothing of ours stays behind.
      try {
        for (const row of await ours()) await destination.remove(target, row.id, signal);
      } finally {
        await product?.stop();
      }
    }, patienceMs);

    /** A provider with a filter that lets a few of its models through. */
    async function add(access: ProviderAccess): Promise<void> {
      const { entries } = await catalogues.list(access, signal);
      const all = entries.map(({ modelId }) => modelId);
      // The longest names are the least likely to be a part of others.
      const filter = [...all]
        .sort((a, b) => b.length - a.length)
        .slice(0, modelsOfEach)
        .join(',');
      if (filter === '') return;
      const { id } = await product.addProvider({
        name: access.kind,
        base_url: access.baseUrl,
        type: access.kind,
        prefix: `${prefix}/${access.kind}`,
        model_filter: filter,
        ...(access.apiKey !== undefined && { api_key: access.apiKey }),
      });
      ids.push(id);
      const chosen = all.filter((modelId) => passesFilter(modelId, filter, null));
      expected.push(...chosen.map((modelId) => `${prefix}/${access.kind}/${modelId}`));
    }

    async function ours(): Promise<DestinationRow[]> {
      const rows = await destination.list(target, signal);
      return rows.filter((row) => markerOf(row.modelInfo)?.instance === instanceId);
    }

    /** Behind a balancer another replica may answer, which learns of a change at its next poll. */
    async function untilListed(what: string, names: string[]): Promise<DestinationRow[]> {
      let first = true;
      return until(
        what,
        async () => {
          if (!first) await pause(1_000); // a real server is not to be asked without end
          first = false;
          const rows = await ours();
          return isDeepStrictEqual(rows.map((row) => row.modelName).sort(), [...names].sort()) && rows;
        },
        4 * pollSeconds * 1_000,
      );
    }

    async function syncs(): Promise<Run[]> {
      const runs: Run[] = [];
      for (const id of ids) {
        const { status, body } = await product.call('POST', `/api/providers/${id}/sync`);
        expect(status).toBe(202);
        runs.push(await product.finished(body.id, patienceMs));
      }
      return runs;
    }

    test(
      'registers each chosen model once, under a prefix of its own',
      async () => {
        const runs = await syncs();
        expect(runs.map((run) => [run.state, run.outcome.pushes.failed])).toEqual(ids.map(() => ['done', 0]));
        await untilListed('one row for each model', expected);
        tell(`registered ${expected.join(', ')}`);
      },
      patienceMs,
    );

    test(
      'writes nothing the second time',
      async () => {
        const runs = await syncs();
        const nothing = { added: 0, updated: 0, writes: 0 };
        expect(runs.map((run) => run.outcome)).toMatchObject(ids.map(() => nothing));
      },
      patienceMs,
    );

    test(
      'brings an edit to LiteLLM, without a second row',
      async () => {
        const [model] = await product.models();
        const { status } = await product.call('PATCH', `/api/models/${model.id}`, {
          user_params: { temperature: 0.25 },
        });
        expect(status).toBe(200);
        await product.idle(patienceMs);
        const rows = await untilListed('one row for each model after an edit', expected);
        const edited = rows.filter((row) => row.litellmParams['temperature'] === 0.25);
        expect(edited.map((row) => markerOf(row.modelInfo)?.model)).toEqual([model.model_id]);
      },
      patienceMs,
    );

    test(
      'a reconcile finds everything in step',
      async () => {
        const { body } = await product.call('POST', '/api/reconcile');
        const run = await product.finished(body.id, patienceMs);
        expect(run).toMatchObject({ state: 'done', outcome: { writes: 0, drifted: [], missing: [] } });
      },
      patienceMs,
    );

    test(
      'deleting the providers takes away what was made, and nothing else',
      async () => {
        for (const id of ids) {
          const { status, body } = await product.call('DELETE', `/api/providers/${id}`);
          expect(status).toBe(202);
          expect(await product.finished(body.id, patienceMs)).toMatchObject({ state: 'done' });
        }
        await untilListed('no row of ours', []);
        const after = new Set((await destination.list(target, signal)).map((row) => row.id));
        expect(before.filter((row) => !after.has(row.id))).toEqual([]);
        tell(`removed them again; ${before.length} rows were there before`);
      },
      patienceMs,
    );
  });
}
