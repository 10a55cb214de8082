import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { pages } from '../../src/api/pages/pages.js';
import { hostileName } from '../pages/open-page.js';
import { Product } from '../support/product.js';

export const hostileIds = [
  hostileName,
  `"double" 'single' \`tick\``,
  'org/sub/model:tag?x=1&y=2#top',
  'löwe-🦁-模型',
  'x'.repeat(256),
  '</script><script>alert(2)</script>',
  'constructor',
];
/** Nothing in them says where a line may break. */
const long = (letter: string) => letter.repeat(100);
const hostileError = '<b onmouseover="alert(3)">the server</b><script>alert(4)</script> is ill';

/** Every kind of state a page can show, and in each the words of somebody who means harm. */
export class HostileWorld {
  private constructor(
    readonly product: Product,
    private readonly servers: (LitellmStandIn | OpenAiCompatibleStandIn)[],
    private readonly ids: { provider: number; model: number; run: number },
  ) {}

  static async start(): Promise<HostileWorld> {
    const litellm = await startLitellm();
    const server = await startOpenAiCompatible({ models: hostileIds.map((id) => openAiModel(id)) });
    const ill = await startOpenAiCompatible({ models: [openAiModel('once')] });
    const product = await Product.start({ litellmUrl: litellm.url });

    // One model LiteLLM refuses, with markup in the refusal.
    const refusal = { status: 400, body: { error: { message: hostileError } } };
    litellm.faults.add({
      method: 'POST',
      path: '/model/new',
      times: 1,
      behaviour: { kind: 'status', ...refusal },
    });
    const provider = await product.addProvider({
      name: hostileName,
      base_url: server.baseUrl,
      type: 'openai',
      prefix: '<i>pre',
      tags: [hostileName, '"quoted"'],
      access_groups: [hostileName],
      model_filter_exclude: '<nothing>',
    });
    await product.sync(provider.id);
    const model = await product.model(`${hostileIds[1]}`);
    await product.call('PATCH', `/api/models/${model.id}`, {
      params: { note: hostileName },
      tags: [hostileName],
    });
    litellm.seed({
      model_name: hostileName,
      litellm_params: { model: `openai/${hostileName}`, tags: [hostileName], api_base: hostileName },
      model_info: { id: hostileName },
    });

    const sick = await product.addProvider({
      name: `sick ${hostileName}`,
      base_url: ill.baseUrl,
      type: 'openai',
    });
    ill.faults.add({
      path: '/v1/models',
      behaviour: { kind: 'status', status: 400, body: { error: { message: hostileError } } },
    });
    await product.sync(sick.id);
    await product.addProvider({
      name: long('W'),
      base_url: `http://127.0.0.1:9/${long('u')}${long('v')}`,
      type: 'openai',
      prefix: long('p'),
      tags: [long('t')],
      access_groups: [long('g')],
      model_filter: long('f'),
      sync_enabled: false,
    });
    await product.call('POST', '/api/tokens', { name: hostileName, scope: 'read' });

    // Charts are drawn once there were syncs in two spans of ten minutes.
    product.advance(20 * 60_000);
    // An orphan first, then most of the rest: the second sync is held.
    server.remove(hostileIds[0]!);
    await product.sync(provider.id);
    for (const id of hostileIds.slice(2)) server.remove(id);
    const run = await product.sync(provider.id);
    return new HostileWorld(product, [litellm, server, ill], {
      provider: provider.id,
      model: model.id,
      run: run.id,
    });
  }

  /** Every page there is, with the ids that stand for something. */
  paths(): string[] {
    const own: Record<string, string[]> = {
      '/providers/:id': [0, 1, 2].map((more) => `/providers/${this.ids.provider + more}`),
      '/providers/:id/edit': [0, 2].map((more) => `/providers/${this.ids.provider + more}/edit`),
      '/models/:id': [`/models/${this.ids.model}`],
      '/models/:id/deployment': [`/models/${this.ids.model}/deployment`],
      '/runs/:id': [`/runs/${this.ids.run}`, `/runs/${this.ids.run - 2}`],
      '/models': ['/models?orphaned=any'],
    };
    return pages.flatMap(({ paths: [path] }) => {
      const found = own[path] ?? [path];
      if (found.some((each) => each.includes(':')))
        throw new Error(`the browser tests do not know what to put into ${path}`);
      return found;
    });
  }

  async stop(): Promise<void> {
    await this.product.stop();
    await Promise.all(this.servers.map((server) => server.close()));
  }
}
