/** The shapes that the engine's parts agree on: model, adapter, tokenizer, generation. */
import type { Backend, LoraGroup, Matrix, RotaryTables, Tensor } from '../compute/ops';
import type { FinishReason, Message, Sampling } from '../records/records';
import type { Requantised } from '../records/requantised';
import type { ThinkingMode } from '../records/thoughts';
import type { BlockForm } from './block/form';
import type { ChatOptions } from './chat/chatTemplate';

/** By transformers' model_type. */
export const families = [
  'llama',
  'mistral',
  'ministral',
  'qwen2',
  'qwen3',
  'smollm3',
  'granite',
  'olmo2',
  'gemma2',
  'gemma3_text',
  'phi3',
] as const;
export type Family = (typeof families)[number];

export type RopeScaling =
  | { readonly type: 'default' }
  | { readonly type: 'linear'; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFreqFactor: number;
      readonly highFreqFactor: number;
      readonly originalMaxPosition: number;
    }
  /** The plain frequencies, up to the length from which on they would change: `maxPosition` ends there. */
  | { readonly type: 'dynamic'; readonly factor: number }
  | {
      readonly type: 'yarn';
      readonly factor: number;
      /** Of cos and sin. */
      readonly attentionFactor: number;
      readonly betaFast: number;
      readonly betaSlow: number;
      readonly originalMaxPosition: number;
      /** The ends of the ramp are whole numbers. */
      readonly truncate: boolean;
    }
  /** Divisors of the frequencies for contexts up to the original length, where `maxPosition` ends; others hold beyond it. */
  | {
      readonly type: 'longrope';
      readonly shortFactors: readonly number[];
      readonly longFactors: readonly number[];
      readonly longMaxPosition: number;
      readonly attentionFactor: number;
      readonly originalMaxPosition: number;
    };

/** config.json (or GGUF metadata) in one form. */
export interface ModelConfig {
  readonly family: Family;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly ffn: number;
  readonly vocab: number;
  readonly eps: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
  readonly tied: boolean;
  /** Bias on q, k and v (Qwen2). */
  readonly qkvBias: boolean;
  /** RMS norm on q and k (Qwen3: on each head; OLMo 2: on the whole). */
  readonly qkNorm: boolean;
  readonly block: BlockForm;
  readonly maxPosition: number;
  readonly bosId: number | null;
  readonly eosIds: readonly number[];
}

export interface LayerWeights {
  /** Before attention; null in blocks with norms after alone. */
  readonly inputNorm: Tensor | null;
  /** Rows q, then k, then v. */
  readonly qkv: Matrix;
  readonly qkvBias: Tensor | null;
  readonly qNorm: Tensor | null;
  readonly kNorm: Tensor | null;
  readonly o: Matrix;
  readonly oBias: Tensor | null;
  /** After attention, before its result is added. */
  readonly attendedNorm: Tensor | null;
  /** Before the MLP. */
  readonly postNorm: Tensor | null;
  /** Rows gate, then up. */
  readonly gateUp: Matrix;
  readonly gateUpBias: Tensor | null;
  readonly down: Matrix;
  readonly downBias: Tensor | null;
  /** After the MLP, before its result is added. */
  readonly mlpNorm: Tensor | null;
  /** Its own or one that others share. */
  readonly rotary: RotaryTables;
}

/** Its vectors, where it has them. */
export function layerVectors(layer: LayerWeights): Tensor[] {
  const { inputNorm, attendedNorm, postNorm, mlpNorm, qNorm, kNorm } = layer;
  const { qkvBias, oBias, gateUpBias, downBias } = layer;
  const all = [
    inputNorm,
    attendedNorm,
    postNorm,
    mlpNorm,
    qNorm,
    kNorm,
    qkvBias,
    oBias,
    gateUpBias,
    downBias,
  ];
  return all.filter((tensor) => tensor !== null);
}

export interface LanguageModel {
  readonly config: ModelConfig;
  readonly backend: Backend;
  /** Ledger owner of the weights. */
  readonly owner: string;
  readonly embed: Matrix;
  /** The same object as `embed` when tied. */
  readonly head: Matrix;
  readonly layers: readonly LayerWeights[];
  readonly finalNorm: Tensor;
  /** The tables of all layers, each once. */
  readonly rotaries: readonly RotaryTables[];
  /** Positions the rotary tables cover: the longest context. */
  readonly maxContext: number;
  /** Keys and values of generation are kept as f16, in half the memory; its numbers are others then. Default false. */
  readonly halfCache?: boolean;
  /** What quantising the file's weights again changed, where that was needed. */
  readonly requantised?: Requantised | null;
}

/** The linears of blocks under peft's names, in the order they run: the seven of most, and those that Phi-3 has in place of five. */
export const linearNames = [
  'q_proj',
  'k_proj',
  'v_proj',
  'o_proj',
  'gate_proj',
  'up_proj',
  'down_proj',
] as const;
export const fusedNames = ['qkv_proj', 'gate_up_proj'] as const;
export const allLinearNames = [...linearNames, ...fusedNames] as const;
export type LinearName = (typeof allLinearNames)[number];

export interface LoraConfig {
  readonly rank: number;
  readonly alpha: number;
  /** scale = alpha / sqrt(rank) instead of alpha / rank. */
  readonly rslora: boolean;
  readonly dropout: number;
  readonly targets: readonly LinearName[];
}

export interface LayerLora {
  readonly qkv: LoraGroup | null;
  readonly o: LoraGroup | null;
  readonly gateUp: LoraGroup | null;
  readonly down: LoraGroup | null;
}

/** All A and B of an adapter, views into one flat parameter tensor (each view starts at a multiple of 64 elements). */
export interface LoraAdapter {
  readonly config: LoraConfig;
  readonly params: Tensor;
  readonly layers: readonly LayerLora[];
  /** Never trained: what it computed of a prompt holds for as long as it is there. */
  readonly frozen?: boolean;
}

export interface Tokenizer {
  readonly vocab: number;
  /** All that end a reply: those of the model, of the tokenizer and of the chat template. */
  readonly eosIds: readonly number[];
  /** The tokenizer's own eos_token. */
  readonly eosId?: number | null;
  /** What the chat template puts after a finished reply. */
  readonly turnEnd?: number | null;
  /** What the user should know about this tokenizer's files. */
  readonly notice?: string | null;
  /** Changes to a finished text, where the tokenizer makes such. */
  readonly cleanUp?: ((text: string) => string) | null;
  /** Whether the token's text may still change with the next token. */
  unsettled?(id: number): boolean;
  /** Whether text of any token may. */
  readonly settlesLate?: boolean;
  /** As transformers' tokenizer(text).input_ids; special tokens are added unless addSpecial is false. */
  encode(text: string, options?: { addSpecial?: boolean }): number[];
  /** `cleanUp: false` leaves out what the tokenizer does to the finished text. */
  decode(ids: readonly number[], options?: { skipSpecial?: boolean; cleanUp?: boolean }): string;
  /** As encode, without what is added after a text: a prompt to be continued. */
  promptIds?(text: string): number[];
  /** The chat template's text; throws ModelError when the model has none. */
  chatText(messages: readonly Message[], options: ChatOptions): string;
  /** The chat template's ids (no further special tokens are added). */
  chatIds(messages: readonly Message[], options: ChatOptions): number[];
  /** The same tokenizer with another way to think in its chats where none is named; without it every way is the same. */
  thinkingAs?(thinking: ThinkingMode): Tokenizer;
  /** Whether there is a chat template. */
  readonly chats: boolean;
  /** Words, numbers and signs of the text that have no token of their own, each once. */
  unknownWords(text: string): string[];
}

export interface GenerateRequest {
  readonly promptIds: readonly number[];
  readonly sampling: Sampling;
  /** Ids that end a reply beside the model's own eos; stop strings stand in sampling.stop. */
  readonly stopIds?: readonly number[];
}

export interface GenerateResult {
  readonly ids: readonly number[];
  readonly text: string;
  /** log p of each id at temperature 1 before truncation. */
  readonly logprobs: readonly number[];
  readonly finishReason: FinishReason;
}
