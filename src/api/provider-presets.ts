import { z } from 'zod';
import { ollamaMode, providerKind } from '../domain/kinds.js';

export const providerPreset = z.object({
  name: z.string(),
  base_url: z.string(),
  type: providerKind,
  default_ollama_mode: ollamaMode.nullable(),
  model_filter: z.string().nullable(),
  description: z.string(),
  limits: z.string(),
  api_key_required: z.boolean(),
  api_key_url: z.string(),
  sync_interval_seconds: z.int(),
});

type ProviderPreset = z.infer<typeof providerPreset>;

function hosted(
  preset: Pick<ProviderPreset, 'name' | 'base_url' | 'description' | 'limits' | 'api_key_url'> &
    Partial<ProviderPreset>,
): ProviderPreset {
  return {
    type: 'openai',
    default_ollama_mode: null,
    model_filter: null,
    api_key_required: true,
    sync_interval_seconds: 3_600,
    ...preset,
  };
}

/** Hosted servers with a free tier; each needs a key of one's own. */
export const providerPresets: ProviderPreset[] = [
  hosted({
    name: 'Groq',
    base_url: 'https://api.groq.com/openai/v1',
    description: 'Very fast hosted inference for open models',
    limits: '14 400 requests/day',
    api_key_url: 'https://console.groq.com/keys',
  }),
  hosted({
    name: 'OpenRouter Free',
    base_url: 'https://openrouter.ai/api/v1',
    model_filter: ':free',
    description: 'Aggregator; the ":free" filter keeps only models without a price',
    limits: 'varies per model',
    api_key_url: 'https://openrouter.ai/keys',
    sync_interval_seconds: 7_200,
  }),
  hosted({
    name: 'SambaNova Cloud',
    base_url: 'https://api.sambanova.ai/v1',
    description: 'Fast hosted inference with limits per model',
    limits: 'model-specific',
    api_key_url: 'https://cloud.sambanova.ai/apis',
  }),
  hosted({
    name: 'Google Gemini',
    base_url: 'https://generativelanguage.googleapis.com/v1beta/openai',
    description: 'Gemini through its OpenAI-compatible API',
    limits: 'model-dependent',
    api_key_url: 'https://aistudio.google.com/app/apikey',
  }),
  hosted({
    name: 'Cerebras',
    base_url: 'https://api.cerebras.ai/v1',
    description: 'Very fast hosted Llama',
    limits: 'free tier, small context',
    api_key_url: 'https://cloud.cerebras.ai/',
  }),
  hosted({
    name: 'Mistral AI',
    base_url: 'https://api.mistral.ai/v1',
    description: 'Mistral’s own API',
    limits: '1 billion tokens/month',
    api_key_url: 'https://console.mistral.ai/api-keys/',
  }),
  hosted({
    // Without a version: the list call finds /v1, and what is pushed is where the list was found.
    name: 'Hugging Face',
    base_url: 'https://router.huggingface.co',
    description: 'Inference router for models of the hub',
    limits: 'rate-limited',
    api_key_url: 'https://huggingface.co/settings/tokens',
    sync_interval_seconds: 7_200,
  }),
  hosted({
    name: 'DeepInfra',
    base_url: 'https://api.deepinfra.com/v1/openai',
    description: 'Hosted open models',
    limits: 'usage limits',
    api_key_url: 'https://deepinfra.com/dash/api_keys',
  }),
  hosted({
    name: 'Fireworks AI',
    base_url: 'https://api.fireworks.ai/inference/v1',
    description: 'Hosted open models',
    limits: 'credits at sign-up',
    api_key_url: 'https://fireworks.ai/api-keys',
  }),
  hosted({
    name: 'Ollama Cloud',
    base_url: 'https://ollama.com',
    type: 'ollama',
    // LiteLLM's native Ollama routes send no key for embeddings, and ollama.com wants one.
    default_ollama_mode: 'openai',
    description: 'Ollama’s hosted models',
    limits: 'usage limits',
    api_key_url: 'https://ollama.com/settings/keys',
    sync_interval_seconds: 7_200,
  }),
];
