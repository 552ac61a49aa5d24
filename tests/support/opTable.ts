/** The one table of op cases that every backend is held to: ragged sizes, odd heads, every format and option. */
import type { OpCase } from '../../src/compute/opCase';
import { attentionCases } from '../../src/compute/opCasesAttention';
import { linearCases } from '../../src/compute/opCasesLinear';
import { rowCases } from '../../src/compute/opCasesRows';
import { samplingCase } from '../../src/compute/sampling/opCasesSampling';
import type { WeightFormat } from '../../src/compute/ops';

const sizes = [1, 7, 64, 65];
const lengths = [1, 7, 64, 65, 1001];
const pairs = [...sizes.flatMap((rows) => lengths.map((cols) => [rows, cols] as const)), [33, 100] as const];
const triples = [
  ...sizes.flatMap((rows) => sizes.flatMap((inputs) => sizes.map((outputs) => [rows, inputs, outputs]))),
  ...[1, 7, 64, 520].map((inputs) => [33, inputs, 100]),
  ...[1, 7, 64, 65].map((rows) => [rows, 520, 65]),
] as [number, number, number][];
export const formats: readonly WeightFormat[] = ['f32', 'f16', 'bf16', 'q8', 'q4'];

/** Sizes of a head that divide by 16, by 4, by 2; groups of one, two and three query heads. */
const heads = [
  { heads: 4, kvHeads: 2, headDim: 16 },
  { heads: 3, kvHeads: 1, headDim: 6 },
  { heads: 1, kvHeads: 1, headDim: 2 },
  { heads: 3, kvHeads: 1, headDim: 10 },
  { heads: 2, kvHeads: 2, headDim: 64 },
  { heads: 9, kvHeads: 3, headDim: 20 },
];
/** Lengths of packed documents. */
const packings = [[1], [7], [64, 1, 65], [3, 40, 2, 2], [130]];
const total = (list: readonly number[]): number => list.reduce((sum, length) => sum + length, 0);

/** Long heads: forms that unroll them take a software adapter a minute to compile. */
const longHeads = [
  { heads: 2, kvHeads: 1, headDim: 64 },
  { heads: 4, kvHeads: 2, headDim: 128 },
  { heads: 2, kvHeads: 1, headDim: 256 },
];

/** Windows of one key, shorter than a tile, as long as a document and longer; caps that bend scores; a scale of its own. */
const scoreTable: readonly OpCase[] = [
  { heads: 3, kvHeads: 1, headDim: 6 },
  { heads: 4, kvHeads: 2, headDim: 16 },
].flatMap((shape) => [
  ...[{ scale: 0.7 }, { softCap: 2 }, { softCap: 30, scale: 4 }].flatMap((form) => [
    attentionCases.attention(73, { ...shape, ...form }, [3, 65, 1, 4]),
    attentionCases.attentionPaged(18, { ...shape, ...form }, 4),
  ]),
  ...[1, 5, 64, 65, 66, 1000].flatMap((window) => [
    attentionCases.attention(140, { ...shape, window }, [3, 65, 1, 71]),
    attentionCases.attentionPagedUneven([65, 6, 66], { ...shape, window }, 4),
  ]),
  attentionCases.attention(140, { ...shape, softCap: 3, window: 37 }, [3, 65, 1, 71]),
  attentionCases.attentionPaged(65, { ...shape, softCap: 3, window: 37 }, 16),
]);

/** The same in forms that long heads have. */
const longScoreTable: readonly OpCase[] = [
  { heads: 2, kvHeads: 1, headDim: 64, softCap: 30 },
  { heads: 4, kvHeads: 2, headDim: 128, window: 9 },
  { heads: 2, kvHeads: 1, headDim: 256, softCap: 50, window: 40, scale: 0.2 },
].flatMap((shape) => [
  attentionCases.attention(73, shape, [3, 65, 1, 4]),
  attentionCases.attentionPaged(41, shape, 4),
]);

/** Rows of as many keys as are one part and of more, in parts that a window cuts, among shorter ones. */
const splitTable: readonly OpCase[] = [
  { heads: 3, kvHeads: 1, headDim: 6 },
  { heads: 3, kvHeads: 1, headDim: 6, window: 513 },
  { heads: 20, kvHeads: 1, headDim: 16, softCap: 3 },
  { heads: 4, kvHeads: 2, headDim: 128 },
].flatMap((shape) => [
  attentionCases.attentionDecode([1400, 513, 512, 40, 1, 641], shape, 16),
  attentionCases.attentionPagedUneven([524], shape, 16),
]);

/** Tiles that documents fill, cross and share; groups of query heads that fill a tile, and more than one of them. */
export const attentionTable: readonly OpCase[] = [
  ...longHeads,
  { heads: 3, kvHeads: 1, headDim: 6 },
  { heads: 20, kvHeads: 1, headDim: 16 },
]
  .flatMap((shape) => [
    attentionCases.attention(1, shape, 1),
    attentionCases.attention(73, shape, [3, 65, 1, 4]),
    attentionCases.attentionPaged(18, shape, 4),
    attentionCases.attentionPagedUneven([40, 6, 1], shape, 4),
  ])
  .concat(scoreTable, longScoreTable, splitTable);

/** Fewer values than a workgroup has invocations, and more. */
export const crossEntropyTable: readonly OpCase[] = [true, false].flatMap((gradient) =>
  [1, 64, 1001, 5000].map((vocab) => rowCases.crossEntropy(3, vocab, gradient)),
);

/** Sums shorter than the lanes' reach and longer, ranks that fill a tile and do not, with dropout and without. */
export const loraTable: readonly OpCase[] = [0, 0.25].flatMap((rate) =>
  [
    [1, 37, 9, 1],
    [7, 64, 65, 5],
    [65, 1001, 192, 8],
    [9, 520, 1300, 16],
  ].flatMap(([rows = 0, inputs = 0, outputs = 0, rank = 0]) => [
    linearCases.loraDown(rows, inputs, rank, { rate }),
    linearCases.loraGrad(rows, inputs, outputs, rank, { rate }),
  ]),
);

/** Two linears of unlike sizes at once: those that one dispatch takes, and one whose rows are not aligned alike. */
export const loraPairTable: readonly OpCase[] = [
  linearCases.loraGradPair(7, [[64, 192], [40, 96]], 8), // prettier-ignore
  linearCases.loraGradPair(70, [[64, 96], [96, 192]], 5), // prettier-ignore
  linearCases.loraGradPair(9, [[65, 96], [64, 192]], 8), // prettier-ignore
];

/** Vocabularies of less than a chunk of logits, of many, and such that fill none; peaked and flat rows. */
export const samplingTable: readonly OpCase[] = [
  samplingCase(5, 7),
  samplingCase(20, 600),
  samplingCase(10, 4097, 3),
  samplingCase(5, 32_000),
  samplingCase(5, 49_152, 20),
  samplingCase(5, 151_936, 12),
];

/** Rows that fill the lanes' forms and do not, K of fewer blocks than there are chains and of more, and every format. */
export const decodeTable: readonly OpCase[] = formats.flatMap((format) => [
  ...[1, 3, 8].flatMap((rows) =>
    [32, 1216].map((inputs) => linearCases.linear(rows, inputs, 37, { format, mode: 'generate' })),
  ),
  linearCases.linear(5, 96, 65, { format, mode: 'generate', extras: 'all', rank: 5 }),
  linearCases.normedLinear(1, 640, 37, { format }),
  linearCases.normedLinear(3, 512, 74, { format, gated: true }),
  linearCases.normedLinear(2, 96, 72, { format, gated: true, rank: 8 }),
]);

/** Tiles of a workgroup that are filled and are not, K that ends within a step of 16 columns, and every format. */
export const productTable: readonly OpCase[] = [
  linearCases.linear(13, 65, 67, { extras: 'all', rank: 3 }),
  linearCases.linear(65, 45, 65, { mode: 'generate', extras: 'bias' }),
  linearCases.linearBackward(13, 65, 67, { extras: true, rank: 3, rate: 0.25 }),
  linearCases.loraDown(70, 65, 9, { mode: 'generate' }),
  linearCases.linear(70, 45, 130, { format: 'q8', mode: 'generate', extras: 'residual' }),
  ...formats.flatMap((format) => [
    linearCases.linear(70, 96, 132, { format, extras: 'all', rank: 20 }),
    linearCases.linearBackward(70, 132, 96, { format, extras: true, rank: 20 }),
  ]),
  linearCases.linearBackward(70, 96, 72, { format: 'f16', extras: true, rank: 8, rate: 0.25 }),
  linearCases.linearBackward(70, 96, 72, { format: 'q4' }),
];

/** Rows shorter than a workgroup's reach, and longer. */
export const normTable: readonly OpCase[] = sizes.flatMap((rows) =>
  lengths.map((cols) => rowCases.rmsNorm(rows, cols)),
);

/** Heads of which a part is rotated. */
const partTable: readonly OpCase[] = [
  { heads: 3, kvHeads: 1, headDim: 10, rotated: 6 },
  { heads: 4, kvHeads: 2, headDim: 16, rotated: 12 },
].flatMap((shape) => [attentionCases.rope(9, shape), attentionCases.attentionPaged(7, shape, 4)]);

export const opTable: Readonly<Record<string, readonly OpCase[]>> = {
  'elementwise ops': [
    ...lengths.flatMap((size) => [
      rowCases.fill(size),
      rowCases.copy(size, true),
      rowCases.copy(size, false),
      rowCases.copy(size, false, Math.ceil(size / 3)),
      rowCases.adamw(size, true),
      rowCases.adamw(size, false),
      rowCases.adamwSteps(size),
    ]),
    ...pairs.flatMap(([rows, cols]) => [rowCases.swiglu(rows, cols), rowCases.swiglu(rows, cols, 'gelu')]),
    rowCases.swigluFarOut(),
    rowCases.swigluFarOut('gelu'),
    ...lengths.flatMap((size) => [rowCases.scale(size), rowCases.softCap(size)]),
  ],
  'rows gathered, scattered and embedded': [
    ...pairs.flatMap(([rows, cols]) => [
      rowCases.gatherRows(rows, cols),
      rowCases.scatterRows(rows, cols),
      rowCases.embed(rows, 70, cols, 'f32'),
    ]),
    ...formats.flatMap((format) => [65, 96, 45].map((cols) => rowCases.embed(9, 70, cols, format))),
  ],
  'norms and their gradients': [
    ...pairs.flatMap(([rows, cols]) => [
      rowCases.rmsNorm(rows, cols),
      rowCases.rmsNormBackward(rows, cols, true),
      rowCases.rmsNormBackward(rows, cols, false),
    ]),
    ...sizes.flatMap((rows) =>
      heads.flatMap((shape) => [rowCases.qkNorm(rows, shape), rowCases.qkNorm(rows, shape, true)]),
    ),
  ],
  'cross-entropy and its gradient': [
    ...pairs.flatMap(([rows, vocab]) => [
      rowCases.crossEntropy(rows, vocab, true),
      rowCases.crossEntropy(rows, vocab, false),
    ]),
    ...[true, false].flatMap((gradient) => [
      rowCases.crossEntropy(1, 7, gradient, 1),
      rowCases.crossEntropy(3, 1001, gradient, 1),
      rowCases.crossEntropy(5, 65, gradient, 1.3),
    ]),
  ],
  'tokens chosen': samplingTable.slice(0, 3),
  'rotation and attention': [
    ...heads.flatMap((shape) => [
      ...sizes.flatMap((rows) => [
        attentionCases.rope(rows, shape),
        attentionCases.attention(rows, shape, 30),
        attentionCases.attentionPaged(rows, shape, 8),
      ]),
      ...packings.map((list) => attentionCases.attention(total(list), shape, list)),
      attentionCases.attentionPaged(18, shape, 4),
      attentionCases.attentionPagedUneven([18, 6], shape, 4),
    ]),
    ...scoreTable,
    ...partTable,
  ],
  linears: [
    ...triples.flatMap(([rows, inputs, outputs]) => [
      linearCases.linear(rows, inputs, outputs),
      linearCases.linear(rows, inputs, outputs, { extras: 'bias' }),
      linearCases.linear(rows, inputs, outputs, { mode: 'generate', extras: 'all', rank: 5 }),
      linearCases.matmulNT(rows, inputs, outputs, 'train'),
    ]),
    ...[1, 5, 9].flatMap((rows) =>
      [65, 96, 640].flatMap((inputs) => [
        linearCases.normedLinear(rows, inputs, 37),
        linearCases.normedLinear(rows, inputs, 70, { gated: true, rank: 3 }),
      ]),
    ),
    ...formats.map((format) => linearCases.normedLinear(3, 96, 74, { format, gated: true })),
    linearCases.linear(65, 1001, 64, { extras: 'residual' }),
    linearCases.linear(7, 64, 1001, { extras: 'residual' }),
    linearCases.linear(1001, 65, 65, { extras: 'all', rank: 8 }),
    ...formats.flatMap((format) => [
      linearCases.linear(7, 65, 64, { format }),
      linearCases.linear(65, 64, 65, { format, mode: 'generate' }),
      linearCases.linear(5, 45, 37, { format, mode: 'generate' }),
    ]),
  ],
  'gradients of linears': [
    ...triples.flatMap(([rows, inputs, outputs]) => [
      linearCases.linearBackward(rows, inputs, outputs),
      linearCases.linearBackward(rows, inputs, outputs, { accumulate: true }),
      linearCases.linearBackward(rows, inputs, outputs, { extras: true, rank: 3, rate: 0.25 }),
    ]),
    ...pairs.map(([rows, outputs]) =>
      linearCases.linearBackward(rows, 37, outputs, { extras: true, accumulate: false, rank: 8 }),
    ),
    ...formats.map((format) => linearCases.linearBackward(7, 65, 130, { format })),
  ],
  'products and gradients of LoRA': [
    ...triples.flatMap(([rows, inputs, outputs]) => [
      linearCases.loraGrad(rows, inputs, outputs, 8),
      linearCases.loraGrad(rows, inputs, outputs, 5, { rate: 0.25 }),
    ]),
    ...sizes.flatMap((rows) =>
      [1, 3, 4, 9].flatMap((rank) => [
        linearCases.loraDown(rows, 65, rank, { mode: 'generate' }),
        linearCases.loraDown(rows, 64, rank, { rate: 0.25 }),
        linearCases.loraDown(rows, 37, rank, { rate: 0.25 }),
        linearCases.matmulNT(rows, 65, rank, 'train'),
      ]),
    ),
  ],
};
