/** ggml's tensor types: their names by number (enum ggml_type of ggml.h), and the blocks of those that are read here. */

/** Elements and bytes of one block of each type that is read. */
export const ggufBlocks = {
  F32: { elements: 1, bytes: 4 },
  F16: { elements: 1, bytes: 2 },
  BF16: { elements: 1, bytes: 2 },
  Q8_0: { elements: 32, bytes: 34 },
  Q5_0: { elements: 32, bytes: 22 },
  Q5_1: { elements: 32, bytes: 24 },
  Q4_0: { elements: 32, bytes: 18 },
  Q4_1: { elements: 32, bytes: 20 },
  IQ4_NL: { elements: 32, bytes: 18 },
  IQ4_XS: { elements: 256, bytes: 136 },
  Q6_K: { elements: 256, bytes: 210 },
  Q5_K: { elements: 256, bytes: 176 },
  Q4_K: { elements: 256, bytes: 144 },
  Q3_K: { elements: 256, bytes: 110 },
  Q2_K: { elements: 256, bytes: 84 },
} as const satisfies Readonly<Record<string, { readonly elements: number; readonly bytes: number }>>;

export type GgufType = keyof typeof ggufBlocks;

const names: Readonly<Record<number, string>> = {
  0: 'F32', 1: 'F16', 2: 'Q4_0', 3: 'Q4_1', 4: 'Q4_2', 5: 'Q4_3', 6: 'Q5_0', 7: 'Q5_1', 8: 'Q8_0', 9: 'Q8_1',
  10: 'Q2_K', 11: 'Q3_K', 12: 'Q4_K', 13: 'Q5_K', 14: 'Q6_K', 15: 'Q8_K', 16: 'IQ2_XXS', 17: 'IQ2_XS',
  18: 'IQ3_XXS', 19: 'IQ1_S', 20: 'IQ4_NL', 21: 'IQ3_S', 22: 'IQ2_S', 23: 'IQ4_XS', 24: 'I8', 25: 'I16', 26: 'I32',
  27: 'I64', 28: 'F64', 29: 'IQ1_M', 30: 'BF16', 31: 'Q4_0_4_4', 32: 'Q4_0_4_8', 33: 'Q4_0_8_8', 34: 'TQ1_0',
  35: 'TQ2_0', 36: 'IQ4_NL_4_4', 37: 'IQ4_NL_4_8', 38: 'IQ4_NL_8_8', 39: 'MXFP4', 40: 'NVFP4', 41: 'Q1_0',
}; // prettier-ignore

export function ggufTypeName(id: number): string {
  return names[id] ?? `of the unknown type ${id}`;
}

/** The type of that number, or null for one that is not read. */
export function ggufTypeOf(id: number): GgufType | null {
  const name = names[id];
  return name !== undefined && Object.hasOwn(ggufBlocks, name) ? (name as GgufType) : null;
}
