import type { Dice } from './random.js';
import type { Step } from './steps.js';
import { ask, changeAll, type World } from './world.js';

/** A setting that is part of every deployment. */
function settingStep(name: string, weight: number, body: (dice: Dice) => Record<string, unknown>): Step {
  return {
    name,
    weight,
    async run(world, dice) {
      const wanted = body(dice);
      for (const provider of world.providers) changeAll(world, provider);
      const { status } = await ask(world, 'PATCH', '/api/settings', wanted);
      return `${JSON.stringify(wanted)}: ${status}`;
    },
  };
}

/**
 * A replica of an old LiteLLM never learns of a PATCH that changes no parameter, and each PATCH leaves it without models for
 * a moment: people may choose it where there is one replica, and have chosen the gaps then.
 */
function strategies({ traits }: World): string[] {
  return traits.isOld && traits.replicas > 1 ? ['auto', 'replace'] : ['auto', 'replace', 'patch'];
}

export const stepsOfSettings: Step[] = [
  settingStep('move the tags', 0.7, (dice) => ({
    tags_placement: dice.pick(['litellm_params', 'model_info']),
  })),
  settingStep('change the default price', 0.7, (dice) =>
    dice.pick([
      { default_pricing_profile: 'gpt-4o-mini' },
      { default_pricing_profile: null },
      { default_pricing_override: { input_cost_per_token: 0.125 } },
      { default_pricing_override: null },
      { default_output_cost_per_token: 0.25 },
    ]),
  ),
  {
    name: 'change how deployments are updated',
    weight: 2,
    async run(world, dice) {
      const strategy = dice.pick(strategies(world));
      if (strategy === 'patch' && world.traits.isOld) world.watch.patchesMayGap = true;
      const { status } = await ask(world, 'PATCH', '/api/settings', { update_strategy: strategy });
      return `${strategy}: ${status}`;
    },
  },
];
