/**
 * Records dispatches and writes in order and submits them in paced batches. A batch whose kernels still compile waits,
 * and everything after it waits behind it, so recording never blocks and never overtakes.
 */
import { fail } from '../core/assert';
import { asArkletError, OutOfMemoryError, type ArkletError } from '../core/errors';
import type { Allocation, BufferPool } from './buffers';
import type { OpenDevice } from './device';
import { kernelKey, type KernelSpec } from './kernels';
import { Pipelines, type Kernel } from './pipelines';
import { Pace, submitMs } from './pace';
import { Profiler } from './profiler';
import type { Reserved } from './reserve';
import { Staging } from './staging';
import { Waits } from './waits';

/** A part of a buffer, in bytes; offsets are multiples of 256. */
export interface Range {
  readonly allocation: Allocation;
  readonly offset: number;
  readonly bytes: number;
}

export interface Dispatch {
  readonly kernel: KernelSpec;
  /** By the WGSL binding's name. */
  readonly buffers: Readonly<Record<string, Range>>;
  /** By the field's name in struct Sizes. */
  readonly sizes: Readonly<Record<string, number | readonly (readonly number[])[]>>;
  /** Invocations; rounded up to whole workgroups. */
  readonly threads: number;
  /** Estimated floating-point operations: paces the submits. */
  readonly flops: number;
}

type Command =
  | {
      type: 'dispatch';
      kernel: Kernel;
      /** Null while the driver may still refuse a buffer. */
      group: GPUBindGroup | null;
      buffers: Dispatch['buffers'];
      offset: number;
      x: number;
      y: number;
      flops: number;
    }
  | { type: 'write'; to: Allocation; offset: number; data: Uint8Array<ArrayBuffer> }
  | { type: 'copy'; from: Allocation; fromOffset: number; to: Reserved; bytes: number }
  | { type: 'destroy'; allocation: Allocation };

interface Batch {
  readonly commands: readonly Command[];
  readonly uniforms: Uint8Array<ArrayBuffer>;
}

const slots = 256;
const maxGroups = 65_535;
/** Writes that wait are copies: beyond this they are sent on their way. */
const mostQueuedBytes = 16 * 2 ** 20;

/** Buffers that a command needs. */
function needs(command: Command): readonly Reserved[] {
  switch (command.type) {
    case 'dispatch':
      return command.group ? [] : Object.values(command.buffers).map(({ allocation }) => allocation);
    case 'write':
      return [command.to];
    case 'copy':
      return [command.from, command.to];
    case 'destroy':
      return [];
    default:
      return command satisfies never;
  }
}

export class Recorder {
  readonly pipelines: Pipelines;
  readonly profiler: Profiler;
  readonly #open: OpenDevice;
  readonly #device: GPUDevice;
  readonly #pool: BufferPool;
  readonly #slotBytes: number;
  readonly #uniformBuffer: GPUBuffer;
  readonly #uniformData: ArrayBuffer;
  readonly #uniformView: DataView;
  readonly #groups = new Map<string, GPUBindGroup>();
  readonly #groupsOf = new Map<number, Set<string>>();
  readonly #staging: Staging;
  readonly #pace: Pace;
  readonly #waits: Waits;
  #commands: Command[] = [];
  #used = new Set<number>();
  #slot = 0;
  #estimateMs = 0;
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;
  #failure: ArkletError | null = null;
  /** Of writes in `#commands`. */
  #queuedBytes = 0;
  #disposed = false;

  constructor(open: OpenDevice, pool: BufferPool) {
    this.#open = open;
    this.#device = open.device;
    this.#pool = pool;
    this.pipelines = new Pipelines(open.device);
    this.profiler = new Profiler(open.device);
    this.#slotBytes = open.device.limits.minUniformBufferOffsetAlignment;
    this.#uniformBuffer = open.device.createBuffer({
      label: 'sizes of the recorded dispatches',
      size: slots * this.#slotBytes,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    this.#uniformData = new ArrayBuffer(slots * this.#slotBytes);
    this.#uniformView = new DataView(this.#uniformData);
    this.#pace = new Pace(open.software);
    this.#waits = new Waits(open);
    this.#staging = new Staging(open.device, pool);
  }

  /** Operations that fit into one paced submit, by what was measured so far. */
  get submitFlops(): number {
    return this.#pace.submitFlops;
  }

  /** Milliseconds that the device was busy with one submit, at most, since the last reset. */
  get longestSubmitMs(): number {
    return this.#pace.longestMs;
  }

  resetLongestSubmit(): void {
    this.#pace.longestMs = 0;
  }

  /** Milliseconds of an empty submit; finds out whether the device has to be nudged. */
  measureLatency(): Promise<number> {
    return this.#waits.measure();
  }

  /** What a dispatch of known size showed. */
  calibrate(measured: { readonly flopsPerMs: number; readonly latency: number }): void {
    this.#pace.calibrate(measured);
  }

  dispatch(work: Dispatch): void {
    if (work.threads === 0) return;
    const estimateMs = this.#pace.estimate(work.flops);
    // A submit that is full enough goes before this dispatch, so that none takes more than its time and one dispatch's.
    if (this.#slot === slots || (this.#estimateMs > 0 && this.#estimateMs + estimateMs > submitMs))
      this.flush();
    const kernel = this.#kernelFor(work);
    const { interface: shape } = kernel;
    const offset = this.#slot++ * this.#slotBytes;
    for (const field of shape.fields) {
      const value = work.sizes[field.name];
      if (value === undefined) fail(`${kernel.key}: size ${field.name} is missing`);
      this.#writeField(offset + field.offset, field.type, value);
    }
    const workgroups = Math.ceil(work.threads / shape.workgroupSize);
    const x = Math.min(workgroups, maxGroups);
    const y = Math.ceil(workgroups / x);
    const { buffers, flops } = work;
    const ready = kernel.interface.bindings.every(({ name }) => buffers[name]?.allocation.state === 'ready');
    const group = ready ? this.#bindGroup(kernel, buffers) : null;
    this.#commands.push({ type: 'dispatch', kernel, group, buffers, offset, x, y, flops });
    this.#estimateMs += estimateMs;
    if (this.#estimateMs >= submitMs) this.flush();
  }

  /** Writes bytes after everything recorded so far; the data may be changed once this returns. */
  write(range: Range, data: ArrayBufferView<ArrayBufferLike>): void {
    const { allocation, offset } = range;
    const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    if (this.#waiting === 0 && !this.#used.has(allocation.id) && allocation.state === 'ready') {
      this.#device.queue.writeBuffer(allocation.buffer, offset, bytes);
      return;
    }
    // What follows for this buffer waits behind it, also once the batches before it have gone.
    this.#used.add(allocation.id);
    this.#commands.push({ type: 'write', to: allocation, offset, data: bytes.slice() });
    this.#queuedBytes += bytes.byteLength;
    if (this.#queuedBytes > mostQueuedBytes) this.flush();
  }

  /** Destroys a buffer once everything recorded so far is submitted. */
  destroy(allocation: Allocation): void {
    for (const key of this.#groupsOf.get(allocation.id) ?? []) this.#groups.delete(key);
    this.#groupsOf.delete(allocation.id);
    if (this.#waiting === 0 && !this.#used.has(allocation.id)) allocation.buffer.destroy();
    else this.#commands.push({ type: 'destroy', allocation });
  }

  flush(): void {
    if (this.#commands.length === 0) return;
    const commands = this.#commands;
    const used = this.#slot * this.#slotBytes;
    this.#commands = [];
    this.#used = new Set();
    this.#queuedBytes = 0;
    this.#slot = 0;
    this.#estimateMs = 0;
    const awaited = new Set<Promise<void>>();
    for (const command of commands) {
      if (command.type === 'dispatch' && command.kernel.pipeline === null) awaited.add(command.kernel.ready);
      for (const { state, ready } of needs(command)) if (state === 'pending') awaited.add(ready);
    }
    if (this.#waiting === 0 && awaited.size === 0) {
      this.#submit({ commands, uniforms: new Uint8Array(this.#uniformData, 0, used) });
      return;
    }
    const batch = { commands, uniforms: new Uint8Array(this.#uniformData, 0, used).slice() };
    this.#waiting++;
    this.#tail = this.#tail
      .then(() => Promise.all(awaited))
      .then(() => this.#submit(batch))
      .catch((error: unknown) => {
        this.#failure ??= asArkletError(error);
      })
      .then(() => {
        this.#waiting--;
      });
  }

  /**
   * Copies bytes back after everything recorded so far. Rejects with DeviceLostError, or with the first failure of what was
   * recorded since the last read: OutOfMemoryError where a buffer was refused that the work needed.
   */
  async read({ allocation, offset, bytes }: Range): Promise<ArrayBuffer> {
    const staging = this.#staging.take(bytes);
    this.#commands.push({ type: 'copy', from: allocation, fromOffset: offset, to: staging, bytes });
    this.flush();
    await this.#tail;
    if (this.#failure !== null) {
      this.#staging.give(staging);
      this.#throwFailure();
    }
    await this.#waits.for(staging.buffer.mapAsync(GPUMapMode.READ, 0, bytes));
    const data = staging.buffer.getMappedRange(0, bytes).slice(0);
    staging.buffer.unmap();
    this.#staging.give(staging);
    this.#throwFailure();
    return data;
  }

  /** Waits for the driver's word on every buffer asked for so far. Throws OutOfMemoryError where it refused one. */
  async settle(): Promise<void> {
    this.flush();
    try {
      await this.#pool.settle();
    } catch (error) {
      // The caller has it now; who reads next must not get it again.
      if (this.#failure instanceof OutOfMemoryError) this.#failure = null;
      throw error;
    }
  }

  /** Waits until everything recorded so far has run. */
  async finish(): Promise<void> {
    this.flush();
    await this.#tail;
    await this.#waits.for(this.#device.queue.onSubmittedWorkDone());
    this.#throwFailure();
  }

  dispose(): void {
    this.#disposed = true;
    this.#staging.dispose();
    this.#uniformBuffer.destroy();
    this.profiler.dispose();
    this.#groups.clear();
    this.#groupsOf.clear();
  }

  #kernelFor(work: Dispatch): Kernel {
    const kernel = this.pipelines.get(work.kernel, false);
    const written = new Set<number>();
    for (const binding of kernel.interface.bindings) {
      const range = work.buffers[binding.name];
      if (range === undefined) fail(`${kernelKey(work.kernel)}: buffer ${binding.name} is missing`);
      if (range.offset % 256 !== 0)
        fail(`${binding.name} starts at byte ${range.offset}: views start at multiples of 64 elements.`);
      this.#used.add(range.allocation.id);
      if (binding.writable) written.add(range.allocation.id);
    }
    const shared = kernel.interface.bindings.some(
      (binding) => !binding.writable && written.has(work.buffers[binding.name]!.allocation.id),
    );
    return shared ? this.pipelines.get(work.kernel, true) : kernel;
  }

  #writeField(
    at: number,
    type: 'u32' | 'f32' | 'segments',
    value: number | readonly (readonly number[])[],
  ): void {
    if (type === 'segments') {
      if (typeof value === 'number') fail('segments take a list');
      value.forEach((segment, s) =>
        segment.forEach((part, i) => this.#uniformView.setUint32(at + 16 * s + 4 * i, part, true)),
      );
      return;
    }
    if (typeof value !== 'number') fail('a size takes a number');
    if (type === 'f32') this.#uniformView.setFloat32(at, value, true);
    else this.#uniformView.setUint32(at, value, true);
  }

  #bindGroup(kernel: Kernel, buffers: Readonly<Record<string, Range>>): GPUBindGroup {
    let key = kernel.key;
    for (const binding of kernel.interface.bindings) {
      const range = buffers[binding.name]!;
      key += `|${range.allocation.id}:${range.offset}:${range.bytes}`;
    }
    const found = this.#groups.get(key);
    if (found !== undefined) return found;
    const entries: GPUBindGroupEntry[] = [
      { binding: 0, resource: { buffer: this.#uniformBuffer, size: kernel.interface.uniformBytes } },
    ];
    for (const binding of kernel.interface.bindings) {
      const { allocation, offset, bytes } = buffers[binding.name]!;
      entries.push({ binding: binding.index, resource: { buffer: allocation.buffer, offset, size: bytes } });
      const keys = this.#groupsOf.get(allocation.id);
      if (keys === undefined) this.#groupsOf.set(allocation.id, new Set([key]));
      else keys.add(key);
    }
    const group = this.#device.createBindGroup({ label: kernel.key, layout: kernel.layout, entries });
    this.#groups.set(key, group);
    return group;
  }

  /** Whether a command can run: not where the driver refused a buffer that it needs. The next read throws the refusal. */
  #possible(command: Command): boolean {
    const refused = needs(command).find(({ state }) => state === 'refused');
    if (!refused) return true;
    // A read always throws: there are no numbers to return.
    if (!refused.reported || command.type === 'copy') this.#failure ??= refused.refusal;
    return false;
  }

  #submit(batch: Batch): void {
    // What still waited for its kernels when the backend was disposed has no buffers any more.
    if (this.#disposed) return;
    const { queue } = this.#device;
    if (batch.uniforms.byteLength > 0) queue.writeBuffer(this.#uniformBuffer, 0, batch.uniforms);
    let encoder = this.#device.createCommandEncoder({ label: 'recorded ops' });
    let pass: GPUComputePassEncoder | null = null;
    const endPass = (): void => {
      pass?.end();
      pass = null;
    };
    let [dispatches, flops] = [0, 0];
    for (const command of batch.commands) {
      if (!this.#possible(command)) continue;
      if (command.type === 'dispatch') {
        dispatches++;
        flops += command.flops;
        const group = command.group ?? this.#bindGroup(command.kernel, command.buffers);
        const timestamps = this.profiler.begin(command.kernel.key, command.flops);
        if (timestamps !== null) endPass();
        const current: GPUComputePassEncoder = (pass ??= encoder.beginComputePass({
          label: timestamps === null ? 'recorded ops' : command.kernel.key,
          ...(timestamps === null ? {} : { timestampWrites: timestamps }),
        }));
        current.setPipeline(command.kernel.pipeline!);
        current.setBindGroup(0, group, [command.offset]);
        current.dispatchWorkgroups(command.x, command.y);
        if (timestamps !== null) endPass();
      } else if (command.type === 'copy') {
        endPass();
        const { from, fromOffset, to, bytes } = command;
        encoder.copyBufferToBuffer(from.buffer, fromOffset, to.buffer, 0, bytes);
      } else {
        endPass();
        queue.submit([encoder.finish()]);
        if (command.type === 'write') queue.writeBuffer(command.to.buffer, command.offset, command.data);
        else command.allocation.buffer.destroy();
        encoder = this.#device.createCommandEncoder({ label: 'recorded ops' });
      }
    }
    endPass();
    this.profiler.resolve(encoder);
    queue.submit([encoder.finish()]);
    const completed = this.#pace.submitted(flops, dispatches);
    const done = (): void => completed(this.#waits.late && !this.#waits.waiting);
    queue.onSubmittedWorkDone().then(done, () => undefined); // the device is lost: `lost` says so
  }

  /** Throws what failed since the last time, once. */
  #throwFailure(): void {
    const failure = this.#failure;
    // Asked for in any case: what no scope caught is of this work as well, and the next does not answer for it.
    const uncaught = this.#open.uncaptured();
    this.#failure = null;
    const first = failure ?? uncaught;
    if (first !== null) throw first;
  }
}
