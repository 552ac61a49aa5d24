/** Real llama.cpp (node-llama-cpp's prebuilt library, on the CPU): token ids, end tokens and logits of GGUF files. */
import { getLlama, LlamaLogLevel, type Llama, type Token } from 'node-llama-cpp';

/** Never builds or downloads anything: without the prebuilt library it throws. */
async function withLlama<T>(use: (llama: Llama) => Promise<T>): Promise<T> {
  const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false, logLevel: LlamaLogLevel.disabled }); // prettier-ignore
  try {
    return await use(llama);
  } finally {
    await llama.dispose();
  }
}

export interface LlamaTokens {
  readonly ids: readonly (readonly number[])[];
  /** Whether the token of each id ends a reply. */
  readonly ends: readonly number[];
  readonly addsBos: boolean;
}

/** Ids of texts (special tokens are read, BOS is not added) and what ends a reply; `whole` keeps the blank that is put before a text. */
export function llamaTokens(
  gguf: string,
  texts: readonly string[],
  vocab: number,
  { whole = false }: { readonly whole?: boolean } = {},
): Promise<LlamaTokens> {
  return withLlama(async (llama) => {
    const model = await llama.loadModel({ modelPath: gguf, vocabOnly: true });
    const ids = texts.map((text) => model.tokenize(text, true, whole ? undefined : 'trimLeadingSpace'));
    const ends = Array.from({ length: vocab }, (_, id) => id).filter((id) => model.isEogToken(id as Token));
    const addsBos = model.tokens.shouldPrependBosToken;
    await model.dispose();
    return { ids, ends, addsBos };
  });
}

/** Logits of each position, [ids, vocab]. */
export function llamaLogits(
  gguf: string,
  ids: readonly number[],
  lora: string | null,
): Promise<Float32Array> {
  return withLlama(async (llama) => {
    const model = await llama.loadModel({ modelPath: gguf });
    const context = await model.createContext({ contextSize: 256, ...(lora === null ? {} : { lora }) });
    const input = ids.map((id) => [id as Token, { generateNext: { logits: true } }] as [Token, { generateNext: { logits: true } }]); // prettier-ignore
    const rows = (await context.getSequence().controlledEvaluate(input)).map((row) => row!.next.logits!);
    const vocab = rows[0]!.size;
    const all = new Float32Array(ids.length * vocab);
    rows.forEach((row, i) => row.forEach((logit, id) => (all[i * vocab + id] = logit)));
    await context.dispose();
    await model.dispose();
    return all;
  });
}
