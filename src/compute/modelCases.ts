/**
 * The op cases of the very kernel forms that a model runs: its head size, weight formats and kinds of widths, with LoRA and
 * without. A form is code of its own: heads unroll registers, and each format has its own way to read a weight.
 */
import { Maker, opCase, products, type OpCase, type Work } from './opCase';
import { attentionCases } from './opCasesAttention';
import { linearCases, segmentsOf } from './opCasesLinear';
import { rowCases } from './opCasesRows';
import type { Activation, AttentionShape, WeightFormat } from './ops';

type AttentionForm = Pick<AttentionShape, 'scale' | 'softCap' | 'window'>;

/** What decides which forms a model runs. */
export interface ModelForms {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly hidden: number;
  readonly ffn: number;
  readonly vocab: number;
  readonly qkvBias: boolean;
  readonly qkNorm: boolean;
  /** Of its blocks; a Llama's where nothing is said. */
  readonly block?: {
    readonly norms: 'before' | 'after' | 'both';
    readonly embeddingScale: number;
    readonly residualScale: number;
    readonly logitDivisor: number;
    readonly activation: Activation;
    readonly qkNormOver: 'head' | 'width';
    readonly rotated: number | null;
    readonly attentionScale: number | null;
    readonly attentionCap: number | null;
    readonly window: number | null;
    readonly logitCap: number | null;
    readonly layers: readonly { readonly rope: 'main' | 'local' | 'none'; readonly windowed: boolean }[];
  };
  readonly formats: readonly WeightFormat[];
  /** Keys and values of generation are kept as f16. */
  readonly halfCache?: boolean;
}

/** Rows of whole tiles and a rest. */
const rows = 13;
const rank = 8;
/** First row and number of rows that are computed without the others. */
const parts = [
  [0, 1],
  [rows - 1, 1],
  [2, 3],
  [4, 6],
] as const;
/** A small width of the same kind: what runs depends on whether it divides by four. */
const like = (width: number, whole: number): number => (width % 4 === 0 ? whole : whole + 1);

interface LinearForm {
  readonly inputs: number;
  readonly outputs: number;
  readonly bias?: boolean;
  readonly residual?: boolean;
}

/** Columns of q|k|v. */
const fused = ({ heads, kvHeads, headDim }: ModelForms): number => (heads + 2 * kvHeads) * headDim;

/** The linears of a block and the head, each kind once. */
function linearForms(model: ModelForms): LinearForm[] {
  const { hidden, ffn, vocab, heads, headDim, qkvBias } = model;
  const all: LinearForm[] = [
    { inputs: hidden, outputs: fused(model), bias: qkvBias },
    { inputs: heads * headDim, outputs: hidden, residual: true },
    { inputs: hidden, outputs: 2 * ffn },
    { inputs: ffn, outputs: hidden, residual: true },
    { inputs: hidden, outputs: vocab },
  ];
  const kinds = all.map((form) => ({
    ...form,
    inputs: like(form.inputs, 256),
    outputs: like(form.outputs, 68),
  }));
  return [...new Map(kinds.map((form) => [JSON.stringify(form), form])).values()];
}

/** A linear of training. */
function linear(form: LinearForm, format: WeightFormat, lora: boolean): OpCase {
  const mode = 'train';
  const { inputs, outputs, bias = false, residual = false } = form;
  const variant = [format, mode, bias && 'bias', residual && 'residual', lora && `r${rank}`];
  return opCase(
    ['linear'],
    variant.filter((part) => part !== false).join(' '),
    [rows, inputs, outputs],
    products,
    null,
    (make) => {
      const { backend } = make;
      const weight = make.matrix('weight', outputs, inputs, format);
      const x = make.f32('x', [rows, inputs]);
      const y = make.f32('y', [rows, outputs]);
      const group = lora ? make.lora(segmentsOf(outputs - (outputs % 12)), rank, inputs) : null;
      const u = group && make.empty('u', [rows, group.segments.length * rank]);
      const extras = {
        ...(bias ? { bias: make.f32('bias', [outputs]) } : {}),
        ...(residual ? { residual: make.f32('residual', [rows, outputs]) } : {}),
        ...(group && u ? { lora: { ...group, u } } : {}),
      };
      return {
        record: () => {
          if (group && u) backend.loraDown({ x, group, u, rows, inputs, mode });
          backend.linear({ x, weight, y, rows, mode, ...extras });
        },
        outputs: [y],
      };
    },
  );
}

/** A linear of generation: between its norm and, with `gated`, its activation; or with what is added to it. */
interface GeneratedForm extends LinearForm {
  readonly norm?: boolean;
  readonly gated?: boolean;
  /** Of LoRA; 0 is none. */
  readonly rank?: number;
}

/** A linear of generation, and how many of its numbers have other bits when their row is alone or in a smaller batch: none. */
export function rowAlone(format: WeightFormat, form: GeneratedForm): OpCase {
  const {
    inputs,
    outputs,
    bias = false,
    residual = false,
    norm = false,
    gated = false,
    rank: width = 0,
  } = form;
  const extras = [norm && 'normed', gated && 'gated', bias && 'bias', residual && 'residual'];
  const variant = [format, 'generate', ...extras, width > 0 && `r${width}`].filter((part) => part !== false);
  const name = `${variant.join(' ')}, rows alone and together`;
  const kernels = ['linear', ...(norm ? ['rmsNorm'] : []), ...(gated ? ['swiglu'] : [])];
  const shape = [rows, inputs, outputs];
  const none = (): Work => ({ record: () => undefined, outputs: [] });
  return {
    ...opCase(kernels, name, shape, products, null, none),
    async run(backend) {
      const make = new Maker(backend, `${name} ${shape.join()}`);
      try {
        const columns = gated ? outputs / 2 : outputs;
        const weight = make.matrix('weight', outputs, inputs, format);
        const values = make.values('x', rows * inputs);
        const before = make.values('y', rows * columns);
        const x = make.empty('x', [rows, inputs]);
        const y = make.empty('y', [rows, columns]);
        const added = bias ? { bias: make.f32('bias', [outputs]) } : {};
        const group = width > 0 ? make.lora(segmentsOf(outputs - (outputs % 12)), width, inputs) : null;
        const u = group && make.empty('u', [rows, group.segments.length * width]);
        const between = norm && {
          ...{ norm: make.f32('norm', [inputs]), eps: 1e-5, normed: make.empty('normed', [rows, inputs]) },
          ...(gated ? { gateUp: make.empty('gateUp', [rows, outputs]) } : {}),
        };
        const run = async (first: number, count: number): Promise<Float32Array> => {
          backend.write(x, values.subarray(first * inputs, (first + count) * inputs));
          backend.write(y, before.subarray(first * columns, (first + count) * columns));
          const lora = group && u ? { lora: { ...group, u } } : {};
          const op = { x, weight, y, rows: count, ...added, ...lora };
          if (between) backend.normedLinear({ ...op, ...between });
          else {
            if (group && u) backend.loraDown({ x, group, u, rows: count, inputs, mode: 'generate' });
            backend.linear({ ...op, mode: 'generate', ...(residual ? { residual: y } : {}) });
          }
          return backend.read(y, 0, count * columns);
        };
        const together = await run(0, rows);
        const bits = new Uint32Array(together.buffer);
        let different = 0;
        for (const [first, count] of parts) {
          const own = new Uint32Array((await run(first, count)).buffer);
          different += own.filter((value, i) => value !== bits[first * columns + i]).length;
        }
        return [together, Float32Array.of(different)];
      } finally {
        make.free();
      }
    },
  };
}

/** The linears of a reply as they run, without LoRA and with it. */
function generatedForms(model: ModelForms): GeneratedForm[] {
  const hidden = like(model.hidden, 256);
  const silu = (model.block?.activation ?? 'silu') === 'silu';
  const whole: GeneratedForm[] = [
    { inputs: hidden, outputs: like(fused(model), 68), norm: true, bias: model.qkvBias },
    { inputs: hidden, outputs: 2 * like(model.ffn, 36), norm: true, gated: silu },
    ...linearForms(model).filter(({ bias = false, residual = false }) => residual || !bias),
  ];
  return whole.flatMap((form) => [form, { ...form, rank }]);
}

/** [inputs, outputs] of the linears whose adapters' gradients are computed at once, each kind of pair once. */
function gradientPairs(model: ModelForms): (readonly [number, number])[][] {
  const { hidden, ffn, heads, headDim } = model;
  const all = [
    [
      [ffn, hidden],
      [hidden, 2 * ffn],
    ],
    [
      [heads * headDim, hidden],
      [hidden, fused(model)],
    ],
  ] as const;
  const kinds = all.map((pair) =>
    pair.map(([inputs, outputs]) => [like(inputs, 256), like(outputs, 72)] as const),
  );
  return [...new Map(kinds.map((pair) => [JSON.stringify(pair), pair])).values()];
}

/** How scores are made: with the window of layers that have one, and without it where others have none. */
function scoreForms({ block }: ModelForms): AttentionForm[] {
  if (!block) return [{}];
  const { attentionScale: scale, attentionCap: softCap, window, layers } = block;
  const form = { ...(scale === null ? {} : { scale }), ...(softCap === null ? {} : { softCap }) };
  const windowed = window !== null && layers.some((layer) => layer.windowed);
  const open = !windowed || layers.some((layer) => !layer.windowed);
  // So small that it cuts keys off here.
  return [...(open ? [form] : []), ...(windowed ? [{ ...form, window: 3 }] : [])];
}

/** Which elements of a head are rotated: some, all, or in layers without positions so few that they stand for none. */
function turnedForms({ block, headDim }: ModelForms): { readonly rotated?: number }[] {
  if (!block) return [{}];
  const { rotated, layers } = block;
  const none = layers.some(({ rope }) => rope === 'none') && headDim > 4;
  return [rotated === null ? {} : { rotated }, ...(none ? [{ rotated: 4 }] : [])];
}

/** Of the kernels that generation runs, then of those that training adds. */
export function modelCases(model: ModelForms): OpCase[] {
  const { headDim, formats, qkNorm, block } = model;
  const { embeddingScale = 1, residualScale = 1, logitDivisor = 1, norms = 'before' } = block ?? {};
  const scaled = [embeddingScale, residualScale, logitDivisor].some((factor) => factor !== 1);
  const added = norms !== 'before' || residualScale !== 1;
  // One group of query heads as the model has it: the ratio is a size, not a form.
  const heads = { heads: Math.max(1, Math.round(model.heads / model.kvHeads)), kvHeads: 1, headDim };
  const hidden = like(model.hidden, 256);
  const forms = linearForms(model);
  const down = [...new Set(forms.map(({ inputs }) => inputs))];
  const both = <T>(list: readonly T[], make: (one: T, format: WeightFormat) => OpCase[]): OpCase[] =>
    formats.flatMap((format) => list.flatMap((one) => make(one, format)));
  return [
    ...formats.map((format) => rowCases.embed(7, 70, hidden, format)),
    rowCases.rmsNorm(5, hidden),
    rowCases.swiglu(5, like(model.ffn, 256), block?.activation),
    ...(scaled ? [rowCases.scale(4096)] : []),
    ...(added ? [rowCases.copy(4096, true)] : []),
    ...(block?.logitCap ? [rowCases.softCap(like(model.vocab, 256))] : []),
    rowCases.gatherRows(7, hidden),
    ...both(generatedForms(model), (form, format) => [rowAlone(format, form)]),
    ...turnedForms(model).map((turned) =>
      attentionCases.attentionPaged(7, { ...heads, ...scoreForms(model)[0], ...turned }, 4, model.halfCache),
    ),
    ...scoreForms(model)
      .slice(1)
      .map((form) => attentionCases.attentionPaged(7, { ...heads, ...form }, 4, model.halfCache)),
    ...scoreForms(model).map((form) =>
      attentionCases.attentionDecode([600, 5], { ...heads, ...form }, 16, model.halfCache),
    ),
    ...(qkNorm ? [rowCases.qkNorm(5, heads, block?.qkNormOver === 'width')] : []),
    ...turnedForms(model).map((turned) => attentionCases.rope(5, { ...heads, ...turned })),
    ...scoreForms(model).map((form) => attentionCases.attention(9, { ...heads, ...form }, [5, 4])),
    ...both(forms, (form, format) => [
      linear(form, format, false),
      linear(form, format, true),
      linearCases.linearBackward(rows, form.inputs, form.outputs, { format }),
      linearCases.linearBackward(rows, form.inputs, form.outputs, {
        format,
        extras: true,
        accumulate: false,
        rank,
      }),
    ]),
    // Linears of blocks without norms before them add to the gradient of the stream itself.
    ...both(norms === 'after' ? forms : [], (form, format) =>
      [0, rank].map((width) =>
        linearCases.linearBackward(rows, form.inputs, form.outputs, {
          format,
          accumulate: true,
          ...(width > 0 ? { extras: true, rank } : {}),
        }),
      ),
    ),
    rowCases.rmsNormBackward(5, hidden, true),
    rowCases.rmsNormBackward(5, hidden, false),
    rowCases.scatterRows(7, hidden),
    rowCases.crossEntropy(5, like(model.vocab, 256), true),
    rowCases.adamw(4096, true),
    rowCases.fill(4096),
    rowCases.copy(4096, false),
    ...down.map((inputs) => linearCases.loraGrad(rows, inputs, 72, rank)),
    ...gradientPairs(model).map((pair) => linearCases.loraGradPair(rows, pair, rank)),
  ];
}
