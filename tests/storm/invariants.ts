import { isDeepStrictEqual } from 'node:util';
import type { Row } from '../support/product.js';
import { keyOf } from './keys.js';
import { wish } from './oracle.js';
import { Violation } from './violation.js';
import { configRowsOf, providerViews, type World } from './world.js';

/** What must hold after each step, whatever is broken just now. */
export class Invariants {
  /** Models that LiteLLM may have lost since the last look. */
  private mayBeGone = new Set<string>();

  constructor(private readonly world: World) {}

  async check(): Promise<void> {
    this.othersAreUntouched();
    const { ledger, watch, product } = this.world;
    const vanished = watch.takeVanished();
    const rowsBefore = this.doubles();
    const models = await this.models();
    const nowMs = product.services.now().getTime();

    const gone = new Set<string>();
    for (const [key, { model, provider }] of models)
      if (wish(model, provider, nowMs) === 'absent') gone.add(key);
    for (const key of vanished) {
      const isLeft = this.world.left.has(key.slice(0, key.indexOf('/')));
      if (!isLeft && !gone.has(key) && !this.mayBeGone.has(key))
        throw new Violation(`LiteLLM no longer serves ${key}, which it should`);
    }
    this.mayBeGone = gone;

    for (const [key, ids] of this.doubles()) {
      if (models.get(key)?.model.deployment.state !== 'in-step') continue;
      if (isDeepStrictEqual(rowsBefore.get(key), ids))
        throw new Violation(`${key} has the rows ${ids.join(' and ')}, and no replacement is under way`);
    }
    const unexplained = ledger.unexplained();
    if (unexplained.length > 0) throw new Violation(unexplained.join('; '));
  }

  private othersAreUntouched(): void {
    const { litellm, foreign, configRows, traits } = this.world;
    for (const [id, row] of foreign) {
      if (JSON.stringify(litellm.row(id)) !== JSON.stringify(row)) {
        throw new Violation(`the foreign row ${id} changed to ${JSON.stringify(litellm.row(id))}`);
      }
    }
    if (configRowsOf(litellm, traits) !== configRows) throw new Violation('the rows of config.yaml changed');
  }

  /** Models with more than one row of ours. */
  private doubles(): Map<string, string[]> {
    const rows = new Map<string, string[]>();
    for (const row of this.world.litellm.rows()) {
      const key = this.world.keys.of(row.model_id);
      if (key !== undefined) rows.set(key, [...(rows.get(key) ?? []), row.model_id]);
    }
    return new Map([...rows].filter(([, ids]) => ids.length > 1));
  }

  private async models(): Promise<Map<string, { model: Row; provider: Row }>> {
    const providers = await providerViews(this.world);
    const models = await this.world.product.models();
    return new Map(
      models.map((model) => {
        const provider = providers.get(model.provider_id);
        return [keyOf(provider.uuid, model.model_id), { model, provider }];
      }),
    );
  }
}
