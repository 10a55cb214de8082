import { z } from 'zod';
import type { Model } from '../../entities/model.js';
import type { ModelEdit } from '../../entities/model-edits-store.js';
import { applyChanges } from '../apply-changes.js';
import { recordChange } from '../audit.js';
import { defineRoute, type ApiServices } from '../define-route.js';
import { editInTurn } from '../edit-in-turn.js';
import { modelEditOf, modelUpdate } from '../model-edit.js';
import { editableView, modelDetailView } from '../model-view.js';
import { idParams } from '../paging.js';
import { invalidField } from '../problem.js';
import { detailOf, existingModel } from '../read-models.js';
import { modelPaths, under } from './models.js';
import { existing as existingProvider } from './providers.js';
import type { Actor } from '../auth.js';

const reset: ModelEdit = {
  userParams: null,
  userTags: null,
  accessGroups: null,
  pricingProfile: null,
  pricingOverride: null,
  ollamaMode: null,
  userModified: false,
};

const problems = { 404: 'there is no such model' };

interface Edit {
  id: number;
  actor: Actor;
  ifMatch: number | undefined;
  action: string;
  change: (present: Model) => Promise<ModelEdit>;
}

export const modelEditRoutes = [
  ...(['patch', 'post'] as const).map((method) =>
    defineRoute({
      method,
      paths: method === 'patch' ? [...modelPaths, ...under('/params')] : under('/params'),
      group: 'models',
      summary: 'Edit a model; edits survive every sync. Absent fields stay, null clears one',
      scope: 'operate',
      params: idParams,
      body: modelUpdate,
      reply: modelDetailView,
      problems,
      versioned: true,
      needsQueue: true,
      async handle({ params, body, actor, ifMatch }, services) {
        if (body.params !== undefined && body.user_params !== undefined)
          throw invalidField('user_params', 'is the same as params; send one of them');
        const change = async (present: Model) => {
          const provider = await existingProvider(present.providerId, services);
          if (body.ollama_mode && provider.type !== 'ollama')
            throw invalidField('ollama_mode', 'is for models of an Ollama provider only');
          return modelEditOf(body, present);
        };
        await edit({ id: params.id, actor, ifMatch, action: 'model.update', change }, services);
        return detailOf(params.id, services);
      },
    }),
  ),
  defineRoute({
    method: 'get',
    paths: under('/params'),
    group: 'models',
    summary: 'The parameters of a model: its provider’s, a person’s, and what is pushed',
    scope: 'read',
    params: idParams,
    reply: modelDetailView.pick({ litellm_params: true, user_params: true, effective_params: true }).extend({
      edit_version: z.int(),
    }),
    problems,
    versioned: true,
    async handle({ params }, services) {
      const { litellm_params, user_params, effective_params, edit_version } = await detailOf(
        params.id,
        services,
      );
      return { litellm_params, user_params, effective_params, edit_version };
    },
  }),
  defineRoute({
    method: 'delete',
    paths: under('/params'),
    group: 'models',
    summary: 'Reset: drop every edit, back to what the provider says',
    scope: 'operate',
    params: idParams,
    reply: modelDetailView,
    problems,
    versioned: true,
    needsQueue: true,
    async handle({ params, actor, ifMatch }, services) {
      const change = () => Promise.resolve(reset);
      await edit({ id: params.id, actor, ifMatch, action: 'model.reset', change }, services);
      return detailOf(params.id, services);
    },
  }),
];

async function edit({ id, actor, ifMatch, action, change }: Edit, services: ApiServices): Promise<void> {
  const { stores, now } = services;
  const { before, after } = await editInTurn(
    () => existingModel(id, services),
    ifMatch,
    async (present) => {
      const wanted = await change(present);
      const done = await stores.modelEdits.edit(present, wanted, now().toISOString());
      return done ? { ...present, ...wanted } : undefined;
    },
  );
  await recordChange(
    {
      actor,
      action,
      subject: before.modelId,
      target: `model:${id}`,
      before: editableView(before),
      after: editableView(after),
    },
    services,
  );
  await applyChanges(services, { providerId: before.providerId, modelIds: [id] }, { schedules: false });
}
