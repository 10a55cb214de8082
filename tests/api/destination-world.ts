import type { LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { startLitellm } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { Product } from '../support/product.js';

/** An Ollama with three models that are at LiteLLM, beside a row of config.yaml, and ways to put rows of others there. */
export class DestinationWorld {
  private constructor(
    readonly product: Product,
    readonly ollama: OllamaStandIn,
    readonly litellm: LitellmStandIn,
    readonly provider: any,
  ) {}

  static async start(): Promise<DestinationWorld> {
    const litellm = await startLitellm({
      configRows: [
        {
          model_name: 'from-config',
          litellm_params: { model: 'openai/from-config' },
          model_info: { id: 'config-row' },
        },
      ],
    });
    const ollama = await startOllama({
      models: ['qwen3:8b', 'llama3.1:8b', 'gemma3:12b'].map((name) => ollamaModel(name)),
    });
    const product = await Product.start({ litellmUrl: litellm.url });
    const provider = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
    await product.sync(provider.id);
    // Beyond two polls of the last write, so that a difference at LiteLLM is a person's.
    product.advance(10_000);
    return new DestinationWorld(product, ollama, litellm, provider);
  }

  async stop(): Promise<void> {
    await this.product.stop();
    await Promise.all([this.ollama.close(), this.litellm.close()]);
  }

  idOf(name: string): string {
    return this.litellm.rows().find((row) => row.model_name === name)?.model_id ?? '';
  }

  names(): string[] {
    return this.litellm
      .rows()
      .map((row) => row.model_name)
      .sort();
  }

  remove(id: string, query = '', body?: unknown, headers?: Record<string, string>) {
    return this.product.call(
      'DELETE',
      `/api/litellm/models/${encodeURIComponent(id)}${query}`,
      body,
      headers,
    );
  }

  seedForeign(): string {
    return this.litellm.seed({
      model_name: 'by-hand',
      litellm_params: { model: 'openai/by-hand', tags: ['team', 'lupdater'] },
      model_info: { id: 'by/hand 1', my_api_key: 'CANARY', notes: { headers: { a: 'CANARY' } } },
    });
  }

  seedPredecessor(): string {
    return this.litellm.seed({
      model_name: 'old',
      litellm_params: { model: 'openai/old', tags: ['lupdater', 'unique_id:gone/old'] },
    });
  }

  seedOther(): string {
    return this.#seedMarked('other', 'another instance');
  }

  /** A row with our marker that no model stands for. */
  async seedStray(): Promise<string> {
    const { instance_id: instance } = (await this.product.call('GET', '/api/settings')).body;
    return this.#seedMarked('stray', instance as string);
  }

  #seedMarked(name: string, instance: string): string {
    const marker = { v: 1, instance, provider: 'gone', model: 'm', generation: 0, hash: 'h' };
    return this.litellm.seed({
      model_name: name,
      litellm_params: { model: `openai/${name}` },
      model_info: { litellm_updater: marker },
    });
  }
}
