/**
 * The op cases of the very kernel forms that a model runs: its head size, weight formats and kinds of widths, with LoRA and
 * without. A form is code of its own: heads unroll registers, and each format has its own way to read a weight.
 */
import { Maker, opCase, products, type OpCase, type Work } from './opCase';
import { attentionCases } from './opCasesAttention';
import { linearCases, segmentsOf } from './opCasesLinear';
import { rowCases } from './opCasesRows';
import type { Mode, WeightFormat } from './ops';

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

/** The linears of a block and the head, each kind once. */
function linearForms({ hidden, ffn, vocab, heads, kvHeads, headDim, qkvBias }: ModelForms): LinearForm[] {
  const all: LinearForm[] = [
    { inputs: hidden, outputs: (heads + 2 * kvHeads) * headDim, bias: qkvBias },
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

function linear(form: LinearForm, format: WeightFormat, mode: Mode, lora: boolean): OpCase {
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
      // Generation adds to its residual in place, training keeps both.
      const other = mode === 'train' ? make.f32('residual', [rows, outputs]) : y;
      const extras = {
        ...(bias ? { bias: make.f32('bias', [outputs]) } : {}),
        ...(residual ? { residual: other } : {}),
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

/**
 * A linear of generation, and how many of its numbers have other bits when their row is alone or in a smaller batch: none.
 * `whole` adds a bias and a residual that is y itself.
 */
export function rowAlone(
  format: WeightFormat,
  [inputs, outputs]: readonly [number, number],
  { whole = false, width = rank }: { readonly whole?: boolean; readonly width?: number } = {},
): OpCase {
  const variant = `${format} generate${whole ? ' all' : ''} r${width}, rows alone and together`;
  const shape = [rows, inputs, outputs];
  const none = (): Work => ({ record: () => undefined, outputs: [] });
  return {
    ...opCase(['linear'], variant, shape, products, null, none),
    async run(backend) {
      const make = new Maker(backend, `${variant} ${shape.join()}`);
      try {
        const weight = make.matrix('weight', outputs, inputs, format);
        const group = make.lora(segmentsOf(outputs - (outputs % 12)), width, inputs);
        const values = make.values('x', rows * inputs);
        const before = make.values('y', rows * outputs);
        const x = make.empty('x', [rows, inputs]);
        const u = make.empty('u', [rows, group.segments.length * width]);
        const y = make.empty('y', [rows, outputs]);
        const extras = whole ? { bias: make.f32('bias', [outputs]), residual: y } : {};
        const run = async (first: number, count: number): Promise<Float32Array> => {
          backend.write(x, values.subarray(first * inputs, (first + count) * inputs));
          backend.write(y, before.subarray(first * outputs, (first + count) * outputs));
          backend.loraDown({ x, group, u, rows: count, inputs, mode: 'generate' });
          const lora = { ...group, u };
          backend.linear({ x, weight, y, rows: count, mode: 'generate', lora, ...extras });
          return backend.read(y, 0, count * outputs);
        };
        const together = await run(0, rows);
        const bits = new Uint32Array(together.buffer);
        let different = 0;
        for (const [first, count] of parts) {
          const own = new Uint32Array((await run(first, count)).buffer);
          different += own.filter((value, i) => value !== bits[first * outputs + i]).length;
        }
        return [together, Float32Array.of(different)];
      } finally {
        make.free();
      }
    },
  };
}

/** Of the kernels that generation runs, then of those that training adds. */
export function modelCases(model: ModelForms): OpCase[] {
  const { headDim, formats, qkNorm } = model;
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
    rowCases.swiglu(5, like(model.ffn, 256)),
    rowCases.gatherRows(7, hidden),
    ...both(forms, (form, format) => [
      linear(form, format, 'generate', false),
      linear(form, format, 'generate', true),
    ]),
    ...formats.map((format) => rowAlone(format, [256, 68])),
    attentionCases.attentionPaged(7, heads, 4, model.halfCache),
    ...(qkNorm ? [rowCases.qkNorm(5, heads)] : []),
    attentionCases.rope(5, heads),
    attentionCases.attention(9, heads, [5, 4]),
    ...both(forms, (form, format) => [
      linear(form, format, 'train', false),
      linear(form, format, 'train', true),
      linearCases.linearBackward(rows, form.inputs, form.outputs, { format }),
      linearCases.linearBackward(rows, form.inputs, form.outputs, {
        format,
        extras: true,
        accumulate: false,
        rank,
      }),
    ]),
    rowCases.rmsNormBackward(5, hidden, true),
    rowCases.rmsNormBackward(5, hidden, false),
    rowCases.scatterRows(7, hidden),
    rowCases.crossEntropy(5, like(model.vocab, 256), true),
    rowCases.adamw(4096, true),
    rowCases.fill(4096),
    rowCases.copy(4096, false),
    ...down.map((inputs) => linearCases.loraGrad(rows, inputs, 72, rank)),
  ];
}
