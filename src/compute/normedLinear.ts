/** A linear between its norm and its activation as ops of their own, where no kernel does them at once. */
import type { Backend } from './ops';

export function normedLinearInParts(
  ops: Pick<Backend, 'rmsNorm' | 'loraDown' | 'linear' | 'swiglu'>,
  {
    x,
    norm,
    eps,
    weight,
    y,
    rows,
    bias,
    lora,
    normed,
    gateUp,
    activation,
  }: Parameters<Backend['normedLinear']>[0],
): void {
  ops.rmsNorm({ x, weight: norm, y: normed, rows, cols: weight.cols, eps });
  const mode = 'generate';
  if (lora) ops.loraDown({ x: normed, group: lora, u: lora.u, rows, inputs: weight.cols, mode });
  ops.linear({ x: normed, weight, y: gateUp ?? y, rows, mode, ...(bias && { bias }), ...(lora && { lora }) });
  if (gateUp) ops.swiglu({ gateUp, y, rows, ffn: weight.rows / 2, ...(activation && { activation }) });
}
