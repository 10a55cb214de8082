import type { Row } from '../support/product.js';
import { keyOf } from './keys.js';
import type { Dice } from './random.js';
import type { Step } from './steps.js';
import { ask, changeAll, graces, heldRuns, type StormProvider, type World } from './world.js';

/** A model in the order of its names, so that the same dice pick the same one. */
async function anyModel(
  world: World,
  dice: Dice,
): Promise<{ model: Row; edit: (body: unknown) => Promise<void> }> {
  const provider = dice.pick(world.providers);
  const { serves, pool } = provider.server;
  const name = dice.pick(serves.size > 0 && dice.chance(0.85) ? [...serves.keys()] : pool);
  const model = (await world.product.models(`&provider_id=${provider.id}`)).find(
    (one) => one.model_id === name,
  );
  const label = { model_id: `${name} of ${provider.label}` };
  return {
    model: model === undefined ? { ...label, missing: true } : { ...model, ...label },
    async edit(body) {
      if (model === undefined) return;
      world.ledger.change(keyOf(provider.uuid, name));
      if (body === undefined) await ask(world, 'DELETE', `/api/models/db/${model.id}/params`);
      else await ask(world, 'PATCH', `/api/models/db/${model.id}`, body);
    },
  };
}

function editStep(
  name: string,
  weight: number,
  body: (dice: Dice) => Record<string, unknown> | undefined,
): Step {
  return {
    name,
    weight,
    async run(world, dice) {
      const { model, edit } = await anyModel(world, dice);
      const wanted = body(dice);
      await edit(wanted);
      return `${model.model_id}${model.missing ? ' (not known yet)' : ''} ${JSON.stringify(wanted ?? {})}`;
    },
  };
}

function providerStep(
  name: string,
  weight: number,
  body: (dice: Dice, provider: StormProvider) => Record<string, unknown>,
): Step {
  return {
    name,
    weight,
    async run(world, dice) {
      const provider = dice.pick(world.providers);
      const wanted = body(dice, provider);
      changeAll(world, provider);
      const { status } = await ask(world, 'PATCH', `/api/providers/${provider.id}`, wanted);
      if (status < 300 && 'api_key' in wanted) provider.apiKey = wanted['api_key'] as string | null;
      if (status < 300 && 'name' in wanted) provider.name = wanted['name'] as string;
      return `${provider.label} ${JSON.stringify(wanted)}: ${status}`;
    },
  };
}

export const stepsOfPeople: Step[] = [
  editStep('edit the parameters', 5, (dice) => ({
    params: dice.pick([
      { temperature: dice.number(10) / 10 },
      { max_input_tokens: 1_000 + dice.number(9) },
      { temperature: 0.5, num_ctx: 2_048, supports_vision: true },
      { max_input_tokens: null },
    ]),
  })),
  editStep('edit the tags', 3, (dice) => ({ tags: dice.pick([[], ['fast'], ['fast', 'blue']]) })),
  editStep('edit the price', 3, (dice) => ({
    pricing_override: dice.pick([null, { input_cost_per_token: 0.25, output_cost_per_token: 0.5 }]),
  })),
  editStep('disable', 4, () => ({ sync_enabled: false })),
  editStep('enable', 6, () => ({ sync_enabled: true })),
  editStep('reset', 3, () => undefined),
  providerStep('rename a provider', 1, (_dice, provider) => {
    provider.renames += 1;
    return { name: `${provider.label}-renamed-${provider.renames}` };
  }),
  providerStep('change a prefix', 1, (dice) => ({ prefix: dice.pick([null, 'box', 'attic', 'loft']) })),
  providerStep('rotate a key', 1, (dice) => ({ api_key: dice.pick([null, 'key-one', 'key-two']) })),
  providerStep('change a filter', 2, (dice) => ({
    model_filter_exclude: dice.pick([null, null, 'a3', 'b4,c2', 'embed']),
  })),
  // A stored key follows to no other server, so it is sent again.
  providerStep('change the URL for LiteLLM', 1, (dice, { server, apiKey }) => ({
    litellm_base_url: dice.pick([null, `http://gateway.local:9000${server.type === 'ollama' ? '' : '/v1'}`]),
    ...(apiKey !== null && { api_key: apiKey }),
  })),
  {
    name: 'change what becomes of orphans',
    weight: 2,
    // Explains no write: an orphan's removal is explained by its going.
    async run(world, dice) {
      const provider = dice.pick(world.providers);
      const policy = dice.pick([{ orphan_policy: 'keep' }, { orphan_policy: 'remove' }, ...graces]);
      const { status } = await ask(world, 'PATCH', `/api/providers/${provider.id}`, policy);
      return `${provider.label} ${JSON.stringify(policy)}: ${status}`;
    },
  },
  {
    name: 'decide a held run',
    weight: 6,
    async run(world, dice) {
      const word = dice.chance(0.6) ? 'accept' : 'reject';
      const [run] = await heldRuns(world);
      if (run === undefined) return 'none is held';
      await ask(world, 'POST', `/api/runs/${run.id}/${word}`);
      return `${word} run ${run.id}`;
    },
  },
];
