import type { RunView } from '../src/api/run-view.js';
import type { Product } from './start-product.js';
import type { StandIns } from './start-stand-ins.js';
import { waitUntil } from './wait-until.js';

const startPatienceMs = 30_000;

/** The worker reconciles once when it starts; its calls belong to nobody. */
export async function firstReconcile(product: Product, signal: AbortSignal): Promise<void> {
  const look = async () => {
    const { items } = await product.call<{ items: RunView[] }>('GET', '/api/runs?kind=reconcile');
    return items.find(({ state }) => state === 'done');
  };
  await waitUntil('the reconcile at the start', look, { everyMs: 200, patienceMs: startPatienceMs, signal });
}

export async function addProviders(product: Product, standIns: StandIns): Promise<void> {
  const providers = [
    ...standIns.ollama.map((url, index) => ({ name: `ollama-${index}`, type: 'ollama', base_url: url })),
    ...standIns.openai.map((url, index) => ({ name: `vllm-${index}`, type: 'openai', base_url: url })),
  ];
  // Enabled, or `POST /sync` would pass them by; without an interval none of them starts by itself.
  for (const provider of providers)
    await product.call('POST', '/api/providers', { ...provider, prefix: provider.name });
}
