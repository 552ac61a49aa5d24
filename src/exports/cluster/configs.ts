/** A run's settings as TRL's config files, written out in full: TRL's defaults are another objective. */
import type { RunConfig } from '../../settings/config';

/** The linears that a student's adapter is on. */
const linears = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];

type Values = Readonly<Record<string, string | number | boolean | readonly string[]>>;

const shared = ({ rank, alpha, seed, maxLength }: RunConfig, data: string, out: string): Values => ({
  dataset_name: `data/${data}`,
  dataset_test_split: 'validation',
  output_dir: out,
  use_peft: true,
  lora_r: rank,
  lora_alpha: alpha,
  lora_dropout: 0,
  lora_target_modules: linears,
  lr_scheduler_type: 'linear',
  weight_decay: 0,
  max_grad_norm: 1,
  adam_beta1: 0.9,
  adam_beta2: 0.999,
  per_device_train_batch_size: 4,
  logging_steps: 1,
  report_to: 'none',
  seed,
  ...(data === 'grpo' ? {} : { max_length: maxLength }),
});

/** Settings of each step, by the name of its file. */
export function trlConfigs(config: RunConfig): Readonly<Record<'sft' | 'dpo' | 'prm' | 'grpo', Values>> {
  const { steps, lr, warmup, topP, maxTokens } = config;
  const { reward, rl } = config.pad;
  const { dataset_test_split: _, ...prm } = shared(config, 'prm', 'out-prm');
  return {
    sft: {
      ...shared(config, 'trl-sft', 'out-sft'),
      max_steps: steps,
      learning_rate: lr,
      warmup_steps: warmup,
      completion_only_loss: true,
    },
    dpo: {
      ...shared(config, 'preference', 'out-dpo'),
      max_steps: steps,
      learning_rate: lr / 10,
      warmup_steps: warmup,
      beta: 0.1,
      loss_type: ['sigmoid'],
    },
    prm: {
      ...prm,
      lora_task_type: 'TOKEN_CLS',
      max_steps: reward.steps,
      learning_rate: reward.lr,
      step_separator: '\n',
      train_on_last_step_only: false,
    },
    grpo: {
      ...shared(config, 'grpo', 'out-grpo'),
      reward_funcs: ['rewards.arklet_reward'],
      max_steps: rl.updates,
      learning_rate: rl.lr[0] ?? 1e-3,
      warmup_steps: 5,
      num_generations: rl.samples,
      per_device_train_batch_size: rl.samples,
      num_iterations: rl.iterations,
      max_completion_length: maxTokens,
      temperature: rl.temperature,
      top_p: Math.min(1, topP),
      beta: rl.klWeight,
      epsilon: 0.2,
      loss_type: rl.normalisation,
      scale_rewards: rl.advantage === 'z-score' ? 'group' : 'none',
      mask_truncated_completions: rl.maskTruncated,
    },
  };
}

/** YAML of flat values: each as JSON, which YAML reads. */
export const yaml = (values: Values): string =>
  Object.entries(values)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
    .join('');
