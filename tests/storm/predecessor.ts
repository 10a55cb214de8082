import { keyOf } from './keys.js';
import { addForeign, type StormProvider, type World } from './world.js';

/** Rows as the predecessor left them behind, before the first sync: all but the last are adopted, none is ever doubled. */
export function leavePredecessorsRows(world: World, ollama: StormProvider, vllm: StormProvider): void {
  const put = (provider: StormProvider, model: string, apiBase = provider.server.baseUrl) => {
    const native = provider.server.type === 'ollama';
    const id = world.litellm.seed({
      model_name: native ? `box/${model}` : model,
      litellm_params: {
        model: `${native ? 'ollama_chat' : 'openai'}/${model}`,
        api_base: apiBase,
        input_cost_per_token: 0,
        output_cost_per_token: 0,
        tags: ['lupdater', `provider:${provider.name}`, `unique_id:${provider.name}/${model}`],
      },
      model_info: { mode: 'chat', litellm_provider: native ? 'ollama' : 'openai' },
    });
    world.keys.adopt(id, keyOf(provider.uuid, model));
  };
  put(ollama, 'a0:1b');
  put(ollama, 'a1:1b', 'http://the-old-place.invalid');
  put(ollama, 'a3:1b');
  put(ollama, 'a3:1b');
  // One deletion more than a replacement has.
  world.ledger.change(keyOf(ollama.uuid, 'a3:1b'), 1);
  put(vllm, 'b0:1b');
  addForeign(world, {
    model_name: 'of-a-provider-that-is-not-here',
    litellm_params: { model: 'ollama/x', tags: ['lupdater', 'unique_id:elsewhere/x'] },
    model_info: { id: 'of-the-predecessor' },
  });
}
