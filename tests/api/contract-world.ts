import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { Product } from '../support/product.js';

/** An installation with something of everything that an operation can be asked about, and ways to make it anew. */
export class ContractWorld {
  readonly #servers: OpenAiCompatibleStandIn[] = [];
  #count = 0;
  #going: Promise<{ id: number; runId: number }> | undefined;

  private constructor(
    readonly product: Product,
    readonly ollama: OllamaStandIn,
    readonly litellm: LitellmStandIn,
    /** An Ollama, synced. */
    readonly providerId: number,
    /** A sync that is done. */
    readonly runId: number,
  ) {}

  static async start(): Promise<ContractWorld> {
    const litellm = await startLitellm();
    const ollama = await startOllama({ models: ['qwen3:8b', 'gemma3:12b'].map((name) => ollamaModel(name)) });
    const product = await Product.start({ litellmUrl: litellm.url });
    const provider = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
    const run = await product.sync(provider.id);
    if (run.state !== 'done') throw new Error(`the first sync: ${run.state}, ${run.reason}`);
    return new ContractWorld(product, ollama, litellm, provider.id, run.id);
  }

  async stop(): Promise<void> {
    await this.product.stop();
    await Promise.all([...this.#servers, this.ollama, this.litellm].map((server) => server.close()));
  }

  /** Never used before. */
  name(): string {
    this.#count += 1;
    return `fresh-${this.#count}`;
  }

  async ask(method: string, path: string, body?: unknown): Promise<any> {
    const answer = await this.product.call(method, path, body);
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async newProvider(fields: Record<string, unknown> = {}): Promise<number> {
    const fresh = { name: this.name(), base_url: 'http://127.0.0.1:9', type: 'openai', sync_enabled: false };
    return (await this.product.addProvider({ ...fresh, ...fields })).id;
  }

  /** One that stays for as long as the test asks for it. */
  async model(): Promise<number> {
    const [first] = await this.product.models(`&provider_id=${this.providerId}&search=qwen3`);
    return first?.deleting_at === null ? first.id : this.newModel();
  }

  /** Stored and pushed, or stored only. */
  async newModel(how: 'sync' | 'fetch' = 'sync'): Promise<number> {
    const name = `${this.name()}:latest`;
    this.ollama.add(ollamaModel(name));
    await this.product.idle();
    const run = await this.ask('POST', `/api/providers/${this.providerId}/${how}`);
    await this.product.finished(run.id);
    return (await this.product.model(name)).id;
  }

  /** A sync that misses most of what was there. */
  async heldRun(): Promise<number> {
    const ids = ['alpha', 'beta', 'gamma', 'delta'];
    const server = await startOpenAiCompatible({ models: ids.map((id) => openAiModel(id)) });
    this.#servers.push(server);
    const id = await this.newProvider({ base_url: server.baseUrl, grace_misses: 0, grace_seconds: 0 });
    await this.product.sync(id);
    for (const gone of ids.slice(1)) server.remove(gone);
    const run = await this.product.sync(id);
    if (run.state !== 'held') throw new Error(`run ${run.id} is ${run.state}, not held`);
    return run.id;
  }

  /** Nobody works on it until the worker is started again. */
  async waitingRun(): Promise<number> {
    await this.product.stopWorker();
    return (await this.ask('POST', `/api/providers/${this.providerId}/sync`)).id;
  }

  /** A row at LiteLLM that nobody misses. */
  row(): string {
    const name = this.name();
    return this.litellm.seed({ model_name: name, litellm_params: { model: `openai/${name}` } });
  }

  /** Being deleted for as long as no worker runs, with a run from before; made once. */
  goingProvider(): Promise<{ id: number; runId: number }> {
    this.#going ??= this.#newGoingProvider();
    return this.#going;
  }

  async #newGoingProvider(): Promise<{ id: number; runId: number }> {
    const id = await this.newProvider({ base_url: `${this.litellm.url}/none` });
    const run = await this.product.sync(id);
    await this.product.stopWorker();
    await this.ask('DELETE', `/api/providers/${id}`);
    return { id, runId: run.id };
  }

  async withoutLitellm(): Promise<() => Promise<void>> {
    const restore = { litellm_base_url: this.litellm.url, litellm_api_key: 'sk-1234' };
    await this.ask('PATCH', '/api/settings', { litellm_base_url: null });
    return async () => {
      await this.ask('PATCH', '/api/settings', restore);
    };
  }
}
