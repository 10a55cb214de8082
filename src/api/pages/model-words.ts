import type { ContextSource } from '../../domain/published-context.js';
import { whatIsWanted } from '../../domain/want.js';
import type { Standing } from '../../entities/match-models.js';
import type { viewModel, ModelParts } from '../model-view.js';
import { format } from './format.js';

type Tone = 'good' | 'warn' | 'bad' | 'info' | '';

export const standingWords: Record<Standing, { label: string; tone: Tone }> = {
  'in-step': { label: 'in LiteLLM', tone: 'good' },
  pending: { label: 'push pending', tone: 'info' },
  'out-of-step': { label: 'out of step', tone: 'warn' },
  failed: { label: 'push failed', tone: 'bad' },
  absent: { label: 'not in LiteLLM', tone: '' },
};

export const contextWords: Record<ContextSource, string> = {
  configured: 'configured at the server',
  default_num_ctx: 'the default num_ctx of the provider',
  observed: 'seen while the model was loaded',
  advertised: 'advertised maximum; the server may use less',
};

type View = ReturnType<typeof viewModel>;

/**
 * It was at LiteLLM and was to leave; its id stays with it, so that it comes back as the same deployment. One that is left
 * alone, or that was known at another LiteLLM, looks alike in its columns.
 */
export function wasRemoved({ model, provider, nowMs }: ModelParts, { deployment }: View): boolean {
  const { want } = whatIsWanted(model, provider, nowMs);
  return want === 'absent' && deployment.state === 'absent' && deployment.deployment_id !== null;
}

interface Sentence {
  tone: Tone;
  text: string;
}

/** What a model's states mean, and what happens next. */
export function explain(parts: ModelParts, view: View): Sentence[] {
  const { model, provider, settings, nowMs } = parts;
  const { want } = whatIsWanted(model, provider, nowMs);
  const sentences: Sentence[] = [];
  const say = (tone: Tone, text: string) => void sentences.push({ tone, text });

  if (provider.deletingAt !== null) say('warn', 'Its provider is being deleted, and this model with it.');
  else if (model.deletingAt !== null)
    say('warn', 'It is being deleted: first its deployment leaves LiteLLM, then it is gone here.');
  if (!model.syncEnabled) say('', 'It is disabled: syncs still read it, but it is kept out of LiteLLM.');
  if (model.isOrphaned) say('bad', orphanText(parts, want, view));
  if (model.unusable !== null && model.userParams?.['mode'] == null)
    say('warn', `It is not pushed: ${model.unusable}. If it can be called after all, set its mode below.`);
  if (model.detailsError !== null)
    say('warn', `Its details could not be read: ${model.detailsError}. The next sync asks again.`);
  if (model.userModified)
    say('info', 'People edited it. Edits win over what the provider says and survive every sync.');
  if (settings.litellmBaseUrl === null) say('warn', 'No LiteLLM is connected, so nothing is pushed.');
  // What is said of an orphan inside its grace says this, too.
  else if (want !== 'leave' || view.deployment.state !== 'in-step') say(...pushText(view, want));
  return sentences;
}

function orphanText(parts: ModelParts, want: string, view: View): string {
  const { model, provider } = parts;
  const missed = `Its provider no longer lists it (${format.plural(model.missedCount, 'sync')} without it).`;
  const back = 'If it comes back, it has its edits again.';
  if (want === 'absent')
    return `${missed} The grace is over, so it ${wasRemoved(parts, view) ? 'was taken out of' : 'leaves'} LiteLLM. ${back}`;
  if (provider.orphanPolicy === 'keep')
    return `${missed} Its provider is set to keep such models in LiteLLM.`;
  const waits = [
    ...(model.missedCount < provider.graceMisses ? [format.plural(provider.graceMisses, 'sync')] : []),
    ...(provider.graceSeconds > 0 ? [format.seconds(provider.graceSeconds)] : []),
  ];
  return `${missed} What is in LiteLLM stays there untouched until ${waits.join(' and ')} without it have passed. ${back}`;
}

function pushText({ deployment }: View, want: string): [Tone, string] {
  switch (deployment.state) {
    case 'in-step':
      return ['good', 'LiteLLM has it as wanted.'];
    case 'pending':
      return ['info', 'A push is queued or under way.'];
    case 'failed':
      return ['bad', `The last push failed: ${deployment.last_error}. The next reconcile tries again.`];
    case 'absent':
      return ['', 'LiteLLM does not have it.'];
    case 'out-of-step':
      return want === 'absent'
        ? ['warn', 'It is still in LiteLLM; the next push or reconcile takes it out.']
        : ['warn', 'LiteLLM does not have it as wanted; the next push or reconcile changes that.'];
  }
}
