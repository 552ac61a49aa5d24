/** What a job is working on, beside its numbers: facts. ui/strings/job.ts has the words. */
export type ProgressDetail =
  /** Agents generate: the debate, independent samples (at the debate's tokens, or without shots), and what follows them. */
  | {
      readonly kind:
        'debate' | 'samples' | 'equal-token-samples' | 'zero-shot-samples' | 'summariser' | 'single-greedy';
    }
  /** Training `seed` (from 0) of `seeds`; `note` is what happens beside steps. */
  | {
      readonly kind: 'training';
      readonly strategy: string;
      readonly seed: number;
      readonly seeds: number;
      readonly note?: TrainingNote;
    }
  /** An arm of the comparison answers; `check`: it checks its own answer. */
  | { readonly kind: 'arm' | 'check'; readonly arm: string; readonly seed: number };

export type TrainingNote =
  | { readonly kind: 'tuning' }
  | { readonly kind: 'own-samples' | 'judging-steps'; readonly done: number; readonly total: number };
