import createError from 'http-errors';
import type { Model } from '../entities/model.js';
import type { ModelsQuery } from '../entities/models-store.js';
import type { ApiServices } from './define-route.js';
import { viewModel, viewModelDetail, type ModelParts } from './model-view.js';

type Services = Pick<ApiServices, 'stores' | 'now'>;

/** Shown with a model; older ones are in the audit trail. */
const changesShown = 50;

export async function existingModel(id: number, { stores }: Pick<Services, 'stores'>): Promise<Model> {
  const model = await stores.models.byId(id);
  if (model === null) throw createError(404, `there is no model ${id}`);
  return model;
}

export async function pageOfModels(query: ModelsQuery, { stores, now }: Services) {
  const { items, total } = await stores.models.page(query);
  const settings = await stores.settings.get();
  const providers = new Map((await stores.providers.list()).map((provider) => [provider.id, provider]));
  const deployments = await stores.deployments.forModels(items.map((model) => model.id));
  const nowMs = now().getTime();
  const views = items.flatMap((model) => {
    const provider = providers.get(model.providerId);
    return provider
      ? [viewModel({ model, provider, settings, deployment: deployments.get(model.id), nowMs })]
      : [];
  });
  return { items: views, total };
}

export async function partsOf(model: Model, { stores, now }: Services): Promise<ModelParts> {
  const provider = await stores.providers.byId(model.providerId);
  if (provider === null) throw createError(404, `there is no provider ${model.providerId}`);
  return {
    model,
    provider,
    settings: await stores.settings.get(),
    deployment: (await stores.deployments.forModel(model.id)) ?? undefined,
    nowMs: now().getTime(),
  };
}

export async function detailFrom(parts: ModelParts, { stores }: Pick<Services, 'stores'>) {
  const { id } = parts.model;
  return viewModelDetail(parts, {
    rawMetadata: await stores.models.rawMetadataOf(id),
    changes: (await stores.history.auditEvents({ target: `model:${id}`, limit: changesShown, offset: 0 }))
      .items,
  });
}

export async function detailOf(id: number, services: Services) {
  return detailFrom(await partsOf(await existingModel(id, services), services), services);
}
