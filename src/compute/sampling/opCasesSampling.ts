/** Cases of the choice of tokens. */
import { chooseByLoops } from './loopSampling';
import { Maker, type OpCase } from '../opCase';
import {
  decodeChoice,
  drawWords,
  encodeDraw,
  needsLists,
  resultWords,
  samplingScratch,
  type RowDraw,
} from './rowDraws';

/** How rows are to be drawn: each in turn. */
const asked: readonly Pick<RowDraw, 'temperature' | 'topP'>[] = [
  { temperature: 0, topP: 1 },
  { temperature: 1, topP: 1 },
  { temperature: 0.5, topP: 0.9 },
  { temperature: 0.7, topP: 1 },
  { temperature: 1, topP: 0.75 },
];

/**
 * Tokens and log-probabilities of rows, those that were left to the host by plain loops. `spread` is the largest logit's size.
 * Each row comes once more by itself, with the lists of a nucleus only if it needs them; the last output counts the words that differ.
 */
export function samplingCase(rows: number, vocab: number, spread = 8): OpCase {
  const variant = `logits to ${spread}`;
  const shape = [rows, vocab];
  const run: OpCase['run'] = async (backend) => {
    const make = new Maker(backend, `sampleRows ${shape.join()} ${spread}`);
    try {
      const byHost = backend.kind === 'webgpu' && !backend.samples;
      const draws = Array.from({ length: rows }, (_, row): RowDraw => {
        return {
          ...asked[row % asked.length]!,
          uniform: (row * 0.37 + 0.11) % 1,
          next: rows - 1 - row,
          byHost,
        };
      });
      const values = make.values('logits', rows * vocab, spread);
      const logits = make.empty('logits', shape);
      const scratch = samplingScratch(rows, vocab);
      const [words, next, results, summaries, lists] = [
        make.u32('draws', [rows, drawWords], new Uint32Array(rows * drawWords)),
        make.u32('next', [rows], new Uint32Array(rows)),
        make.u32('results', [rows + 1, resultWords], new Uint32Array((rows + 1) * resultWords)),
        make.u32('summaries', [scratch.summaries], new Uint32Array(scratch.summaries)),
        make.u32('lists', [scratch.lists], new Uint32Array(scratch.lists)),
      ];
      const sampled = async (from: number, count: number): Promise<Uint32Array> => {
        const encoded = new Uint32Array(count * drawWords);
        draws.slice(from, from + count).forEach((draw, row) => encodeDraw(encoded, row, draw));
        backend.write(words, encoded);
        backend.write(logits, values.subarray(from * vocab, (from + count) * vocab));
        backend.sampleRows({
          ...{ logits, draws: words, next, results, first: 1, rows: count, vocab, summaries },
          ...(draws.slice(from, from + count).some(needsLists) ? { lists } : {}),
        });
        return backend.readU32(results, resultWords, count * resultWords);
      };
      const together = await sampled(0, rows);
      const passed = await backend.readU32(next);
      const chosen = draws.flatMap((draw, row) => {
        const { id, logprob, settled } = decodeChoice(together, row);
        const told = passed[rows - 1 - row] === id ? 0 : 1;
        if (settled) return [id, logprob, told];
        const own = values.subarray(row * vocab, (row + 1) * vocab);
        const loops = chooseByLoops(own, draw);
        return [loops.id, own[loops.id]! - loops.most - Math.log(loops.sum), told];
      });
      let different = 0;
      for (let row = 0; row < rows; row++) {
        const own = await sampled(row, 1);
        different += own.filter((word, i) => word !== together[row * resultWords + i]).length;
      }
      return [Float32Array.from(chosen), Float32Array.of(different)];
    } finally {
      make.free();
    }
  };
  const time: OpCase['time'] = async (backend) => {
    const start = performance.now();
    await run(backend);
    return performance.now() - start;
  };
  return {
    ...{
      kernels: ['logitChunks', 'sampleRows'],
      variant,
      shape,
      atol: 1e-5,
      rtol: 1e-7,
      flops: null,
      run,
      time,
    },
    prepare: (backend) => ({ time: () => time(backend, 1), free: () => undefined }),
  };
}
