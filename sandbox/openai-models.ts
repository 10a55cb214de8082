export interface ListedModel {
  id: string;
  [field: string]: unknown;
}

/** As vLLM lists it; `created` and the permission change with every call of the stand-in. */
export function vllmModel(
  id: string,
  maxModelLen: number | null,
  extra: Record<string, unknown> = {},
): ListedModel {
  return {
    id,
    object: 'model',
    created: 1_786_900_000,
    owned_by: 'vllm',
    root: id,
    parent: null,
    max_model_len: maxModelLen,
    permission: [
      {
        id: 'modelperm-00000000000000000000000000000001',
        object: 'model_permission',
        created: 1_786_900_000,
        allow_create_engine: false,
        allow_sampling: true,
        allow_logprobs: true,
        allow_search_indices: false,
        allow_view: true,
        allow_fine_tuning: false,
        organization: '*',
        group: null,
        is_blocking: false,
      },
    ],
    ...extra,
  };
}

/** As OpenAI lists it: no limits, no kinds. */
export function openAiModel(id: string, extra: Record<string, unknown> = {}): ListedModel {
  return { id, object: 'model', created: 1_715_367_049, owned_by: 'openai', ...extra };
}

/** vLLM's volatile fields, anew for each call, so that a naive comparison sees a change every time. */
export function refreshed(model: unknown, calls: number): unknown {
  if (!isVllm(model)) return model;
  const created = 1_786_900_000 + calls;
  const id = `modelperm-${String(calls).padStart(32, '0')}`;
  return { ...model, created, permission: model.permission.map((one) => ({ ...one, id, created })) };
}

function isVllm(model: unknown): model is { permission: Record<string, unknown>[] } {
  if (typeof model !== 'object' || model === null) return false;
  const { owned_by: ownedBy, permission } = model as Record<string, unknown>;
  return ownedBy === 'vllm' && Array.isArray(permission);
}
