import { litellmModes, ollamaModes } from '../../domain/kinds.js';
import { pricingProfiles } from '../../domain/pricing.js';
import { withoutSecrets } from '../../domain/secret-keys.js';
import { wantedDeployment } from '../../domain/wanted-deployment.js';
import type { ModelParts } from '../model-view.js';
import { idParams } from '../paging.js';
import { detailFrom, existingModel, partsOf } from '../read-models.js';
import { definePage } from './define-page.js';
import { paramRows } from './model-params.js';
import { contextWords, explain, standingWords, wasRemoved } from './model-words.js';

/** One model: how it stands, where each value comes from, and what a person makes of it. */
export const modelDetailPage = definePage({
  paths: ['/models/:id'],
  section: 'models',
  view: 'model',
  params: idParams,
  async load({ params }, services) {
    const parts = await partsOf(await existingModel(params.id, services), services);
    const model = await detailFrom(parts, services);
    return {
      model,
      sentences: explain(parts, model),
      mode: modeText(parts),
      wasRemoved: wasRemoved(parts, model),
      standing: standingWords[model.deployment.state],
      contextSource: model.context_source === null ? undefined : wordsFor(model.context_source),
      rows: paramRows(parts),
      pushed: pushedBody(parts),
      hasDestination: parts.settings.litellmBaseUrl !== null,
      form: {
        modes: litellmModes,
        ollamaModes: parts.provider.type === 'ollama' ? ollamaModes : undefined,
        providerOllamaMode: parts.provider.defaultOllamaMode,
        profiles: Object.keys(pricingProfiles),
      },
    };
  },
  title: ({ model }) => model.display_name,
});

const wordsFor = (source: string) => contextWords[source as keyof typeof contextWords];

function modeText({ model }: ModelParts): string {
  const edited = model.userParams?.['mode'];
  return typeof edited === 'string' ? `${edited} (edited; ${model.mode} by itself)` : model.mode;
}

/** As it would be written now, without the key. */
function pushedBody({ model, provider, settings }: ModelParts) {
  const wanted = wantedDeployment(model, provider, settings, provider.hasApiKey ? 'hidden' : undefined);
  return {
    model_name: wanted.modelName,
    litellm_params: withoutSecrets(wanted.litellmParams),
    model_info: withoutSecrets(wanted.modelInfo),
  };
}
