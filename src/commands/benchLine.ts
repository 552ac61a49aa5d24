/** A figure of a device's bench as a line, for the terminal. */
import type { DeviceFigure } from '../wire/deviceBench';

const short = (value: number): string => (value >= 1000 ? value.toFixed(0) : value.toPrecision(3));

export function benchLine({ type, row }: DeviceFigure): string {
  if (type === 'kernel') {
    const { kernel, format, shape, ms, gflops, gbps } = row;
    const speed = [...(gflops === null ? [] : [`${short(gflops)} GFLOP/s`]), `${short(gbps)} GB/s`];
    return `${[kernel, ...(format === null ? [] : [format]), shape].join('  ')}: ${short(ms)} ms, ${speed.join(', ')}`;
  }
  const { name, format, work, tokensPerSecond, skipped } = row;
  const said =
    tokensPerSecond === null
      ? skipped === 'memory'
        ? 'does not fit into memory'
        : 'left out: too slow here'
      : `${short(tokensPerSecond)} tokens/s`;
  return `${name} ${format}, ${work}: ${said}`;
}
