/** Why a run computes where it does, and what is known of its device: facts. ui/strings/job.ts has the words. */

export type DeviceFact =
  | { readonly kind: 'asked'; readonly backend: 'webgpu' | 'cpu' }
  /** Seconds that a decoding step of so many sequences took on each. */
  | {
      readonly kind: 'measured';
      readonly sequences: number;
      readonly webgpu: number;
      readonly cpu: number;
    }
  /** The same on the CPU, with one thread and with all. */
  | {
      readonly kind: 'threads';
      readonly sequences: number;
      readonly one: number;
      readonly all: number;
      readonly threads: number;
    }
  /** `message` and what follows: as the error says it. */
  | { readonly kind: 'no-webgpu'; readonly message: string }
  | { readonly kind: 'measurement-failed'; readonly message: string }
  /** Kernels without a right variant, with the worst error as a multiple of its bound (null: no numbers came). */
  | {
      readonly kind: 'wrong-kernels';
      readonly device: string;
      readonly kernels: readonly { readonly kernel: string; readonly error: number | null }[];
    }
  /** Variants that are not used because they failed. */
  | { readonly kind: 'left-out'; readonly variants: readonly string[] }
  /** Tests of kernels that passed, and those that there was no time for. */
  | { readonly kind: 'tests'; readonly passed: number; readonly left: number; readonly seconds: number }
  /** A sentence that an older version stored. */
  | { readonly kind: 'text'; readonly text: string };

/** In the order in which they are reported. */
export type DeviceFacts = readonly DeviceFact[];
