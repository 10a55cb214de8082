/** Where the context window that we publish comes from. */
export type ContextSource = 'configured' | 'default_num_ctx' | 'observed' | 'advertised';

export interface PublishedContext {
  /** Tokens. */
  value: number;
  source: ContextSource;
}

export interface ContextFacts {
  maxContextWindow: number | null;
  configuredContext: number | null;
  observedContext: number | null;
  remote: boolean;
}

/**
 * The effective window, not the training maximum (Ollama's server/routes.go: a request's num_ctx, else the Modelfile's,
 * else the server's default, each bounded by the maximum). A cloud model runs at its maximum. Where nothing says what the
 * server will use, the maximum is published, marked `advertised`. A person's `max_input_tokens` comes on top, elsewhere.
 */
export function publishedContext(
  model: ContextFacts,
  provider: { type: string; defaultNumCtx: number | null },
): PublishedContext | undefined {
  const max = model.maxContextWindow;
  const bounded = (value: number) => (max === null ? value : Math.min(value, max));
  if (model.remote) return max === null ? undefined : { value: max, source: 'advertised' };
  if (model.configuredContext !== null)
    return { value: bounded(model.configuredContext), source: 'configured' };
  if (provider.type === 'ollama' && provider.defaultNumCtx !== null) {
    return { value: bounded(provider.defaultNumCtx), source: 'default_num_ctx' };
  }
  if (model.observedContext !== null) return { value: bounded(model.observedContext), source: 'observed' };
  return max === null ? undefined : { value: max, source: 'advertised' };
}
