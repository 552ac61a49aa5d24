/** The choice of tokens on the GPU: what each chunk of logits holds, then a token of each row. */
import { rangeOf, type GpuContext } from '../gpuMemory';
import type { Backend } from '../ops';
import { chunkLogits } from './rowDraws';
import { checks } from '../shapes';

export function samplingOps({ recorder }: GpuContext): Pick<Backend, 'sampleRows'> {
  return {
    sampleRows(op) {
      checks.sampleRows(op);
      const { rows, vocab, first, lists } = op;
      const chunks = Math.ceil(vocab / chunkLogits);
      const flags = [lists !== undefined && 'LISTS'];
      const buffers = {
        logits: rangeOf(op.logits),
        draws: rangeOf(op.draws),
        summaries: rangeOf(op.summaries),
        ...(lists ? { lists: rangeOf(lists) } : {}),
      };
      recorder.dispatch({
        kernel: { name: 'logitChunks', flags },
        buffers,
        sizes: { rows, vocab, chunks },
        threads: 256 * rows * chunks,
        flops: 100 * rows * vocab,
      });
      recorder.dispatch({
        kernel: { name: 'sampleRows', flags },
        buffers: { ...buffers, ids: rangeOf(op.next), results: rangeOf(op.results) },
        sizes: { rows, vocab, chunks, first },
        threads: 256 * rows,
        flops: 100 * rows * chunkLogits,
      });
    },
  };
}
