const PROVIDERS = new Set(
  [
    'openai azure azure_ai anthropic bedrock vertex_ai gemini mistral groq deepseek xai cohere openrouter together_ai',
    'ollama ollama_chat vllm hosted_vllm lm_studio llamafile custom_openai text-completion-openai openai_like',
    'litellm_proxy huggingface infinity jina_ai perplexity fireworks_ai nvidia_nim watsonx voyage sambanova cerebras',
  ].flatMap((line) => line.split(' ')),
);

/** A row whose `model` has no known prefix is stored, and never served. */
export function isServable(model: unknown): boolean {
  return PROVIDERS.has(providerOf(model));
}

export function providerOf(model: unknown): string {
  return typeof model === 'string' && model.includes('/') ? model.slice(0, model.indexOf('/')) : '';
}
