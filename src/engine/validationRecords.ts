/** What tests of devices' kernels found, as it is kept between sessions. */
import type { ValidationResult } from '../compute/validateKernels';
import * as v from 'valibot';
import { variantChoices } from '../gpu/variants';

/** Where tests of devices outlive the worker. */
export interface ValidationMemory {
  /** What was saved, as it was stored. */
  load(): Promise<unknown>;
  /** Adds to what is stored. */
  save(proofs: ValidationResults): Promise<void>;
}

const forms = v.partial(
  v.object({
    linear: v.picklist(variantChoices.linear),
    linearGenerate: v.picklist(variantChoices.linearGenerate),
    decode: v.picklist(variantChoices.decode),
    norm: v.picklist(variantChoices.norm),
    linearBackward: v.picklist(variantChoices.linearBackward),
    loraGradU: v.picklist(variantChoices.loraGradU),
    lora: v.picklist(variantChoices.lora),
    loraGradAB: v.picklist(variantChoices.loraGradAB),
    attention: v.picklist(variantChoices.attention),
    crossEntropy: v.picklist(variantChoices.crossEntropy),
    sampling: v.picklist(variantChoices.sampling),
  }),
);

const proofs = v.record(
  v.string(),
  v.object({
    variants: forms,
    excluded: v.array(v.string()),
    failed: v.array(v.object({ kernel: v.string(), error: v.number() })),
    // Older versions kept only proofs without anything left.
    proven: v.optional(v.array(v.string()), []),
    left: v.optional(v.number(), 0),
    tested: v.number(),
    seconds: v.number(),
  }),
);

export type ValidationResults = Readonly<Record<string, ValidationResult>>;

/** ValidationResults as the settings store gave them; what is of another form was never known. */
export function parseValidation(stored: unknown): ValidationResults {
  const result = v.safeParse(proofs, stored);
  return result.success ? (result.output as ValidationResults) : {};
}
