/**
 * Records dispatches and writes in order and submits them in paced batches. A batch whose kernels still compile waits,
 * and everything after it waits behind it, so recording never blocks and never overtakes.
 */
import { fail } from '../core/assert';
import { ArkletError, asArkletError } from '../core/errors';
import type { Allocation, BufferPool } from './buffers';
import type { OpenDevice } from './device';
import { kernelKey, type KernelSpec } from './kernels';
import { Pipelines, type Kernel } from './pipelines';
import { Profiler } from './profiler';

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
      group: GPUBindGroup;
      offset: number;
      x: number;
      y: number;
      flops: number;
    }
  | { type: 'write'; buffer: GPUBuffer; offset: number; data: Uint8Array<ArrayBuffer> }
  | { type: 'copy'; from: GPUBuffer; fromOffset: number; to: GPUBuffer; bytes: number }
  | { type: 'destroy'; allocation: Allocation };

interface Batch {
  readonly commands: readonly Command[];
  readonly uniforms: Uint8Array<ArrayBuffer>;
  readonly estimateMs: number;
}

const slots = 256;
const maxGroups = 65_535;
/** GPU time that one submit should take. */
const submitMs = 50;

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
  readonly #staging: GPUBuffer[] = [];
  #commands: Command[] = [];
  #used = new Set<number>();
  #slot = 0;
  #estimateMs = 0;
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;
  #inFlight = 0;
  #flopsPerMs: number;
  #dispatchMs: number;
  #failure: ArkletError | null = null;

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
    this.#flopsPerMs = open.software ? 2e6 : 1e9;
    this.#dispatchMs = open.software ? 0.5 : 0.01;
  }

  /** Operations that fit into one paced submit, by what was measured so far. */
  get submitFlops(): number {
    return this.#flopsPerMs * submitMs;
  }

  dispatch(work: Dispatch): void {
    if (work.threads === 0) return;
    if (this.#slot === slots) this.flush();
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
    const group = this.#bindGroup(kernel, work.buffers);
    this.#commands.push({ type: 'dispatch', kernel, group, offset, x, y, flops: work.flops });
    this.#estimateMs += this.#dispatchMs + work.flops / this.#flopsPerMs;
    if (this.#estimateMs >= submitMs) this.flush();
  }

  /** Writes bytes after everything recorded so far; the data may be changed once this returns. */
  write(range: Range, data: ArrayBufferView<ArrayBufferLike>): void {
    const { buffer, id } = range.allocation;
    const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    if (this.#waiting === 0 && !this.#used.has(id)) {
      this.#device.queue.writeBuffer(buffer, range.offset, bytes);
      return;
    }
    this.#commands.push({ type: 'write', buffer, offset: range.offset, data: bytes.slice() });
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
    const estimateMs = this.#estimateMs;
    const used = this.#slot * this.#slotBytes;
    this.#commands = [];
    this.#used = new Set();
    this.#slot = 0;
    this.#estimateMs = 0;
    const compiling = new Set<Promise<void>>();
    for (const command of commands) {
      if (command.type === 'dispatch' && command.kernel.pipeline === null)
        compiling.add(command.kernel.ready);
    }
    if (this.#waiting === 0 && compiling.size === 0) {
      this.#submit({ commands, uniforms: new Uint8Array(this.#uniformData, 0, used), estimateMs });
      return;
    }
    const batch = { commands, uniforms: new Uint8Array(this.#uniformData, 0, used).slice(), estimateMs };
    this.#waiting++;
    this.#tail = this.#tail
      .then(() => Promise.all(compiling))
      .then(() => this.#submit(batch))
      .catch((error: unknown) => {
        this.#failure ??= asArkletError(error);
      })
      .then(() => {
        this.#waiting--;
      });
  }

  /** Copies bytes back after everything recorded so far. Rejects with DeviceLostError or the first recorded failure. */
  async read(range: Range): Promise<ArrayBuffer> {
    const staging = this.#takeStaging(range.bytes);
    this.#commands.push({
      type: 'copy',
      from: range.allocation.buffer,
      fromOffset: range.offset,
      to: staging,
      bytes: range.bytes,
    });
    this.flush();
    await this.#tail;
    await this.#guard(staging.mapAsync(GPUMapMode.READ, 0, range.bytes));
    const data = staging.getMappedRange(0, range.bytes).slice(0);
    staging.unmap();
    this.#staging.push(staging);
    this.#throwFailure();
    return data;
  }

  /** Waits until everything recorded so far has run. */
  async finish(): Promise<void> {
    this.flush();
    await this.#tail;
    await this.#guard(this.#device.queue.onSubmittedWorkDone());
    this.#throwFailure();
  }

  dispose(): void {
    for (const buffer of this.#staging) buffer.destroy();
    this.#staging.length = 0;
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

  #submit(batch: Batch): void {
    const { queue } = this.#device;
    if (batch.uniforms.byteLength > 0) queue.writeBuffer(this.#uniformBuffer, 0, batch.uniforms);
    let encoder = this.#device.createCommandEncoder({ label: 'recorded ops' });
    let pass: GPUComputePassEncoder | null = null;
    const endPass = (): void => {
      pass?.end();
      pass = null;
    };
    for (const command of batch.commands) {
      if (command.type === 'dispatch') {
        const timestamps = this.profiler.begin(command.kernel.key, command.flops);
        if (timestamps !== null) endPass();
        const current: GPUComputePassEncoder = (pass ??= encoder.beginComputePass({
          label: timestamps === null ? 'recorded ops' : command.kernel.key,
          ...(timestamps === null ? {} : { timestampWrites: timestamps }),
        }));
        current.setPipeline(command.kernel.pipeline!);
        current.setBindGroup(0, command.group, [command.offset]);
        current.dispatchWorkgroups(command.x, command.y);
        if (timestamps !== null) endPass();
      } else if (command.type === 'copy') {
        endPass();
        encoder.copyBufferToBuffer(command.from, command.fromOffset, command.to, 0, command.bytes);
      } else {
        endPass();
        queue.submit([encoder.finish()]);
        if (command.type === 'write') queue.writeBuffer(command.buffer, command.offset, command.data);
        else command.allocation.buffer.destroy();
        encoder = this.#device.createCommandEncoder({ label: 'recorded ops' });
      }
    }
    endPass();
    this.profiler.resolve(encoder);
    queue.submit([encoder.finish()]);
    this.#measure(batch.estimateMs);
  }

  /** Learns the device's pace from submits that ran alone. */
  #measure(estimateMs: number): void {
    const alone = this.#inFlight++ === 0;
    const start = performance.now();
    const done = (): void => {
      this.#inFlight--;
      const ms = performance.now() - start;
      if (!alone || this.#inFlight > 0 || estimateMs < submitMs / 4) return;
      const ratio = Math.min(2, Math.max(0.5, estimateMs / Math.max(ms, 0.1)));
      this.#flopsPerMs *= Math.sqrt(ratio);
      this.#dispatchMs /= Math.sqrt(ratio);
    };
    this.#device.queue.onSubmittedWorkDone().then(done, done);
  }

  #takeStaging(bytes: number): GPUBuffer {
    const at = this.#staging.findIndex((buffer) => buffer.size >= bytes && buffer.size <= 4 * bytes + 4096);
    const found = at < 0 ? undefined : this.#staging.splice(at, 1)[0];
    while (this.#staging.length > 8) this.#staging.shift()?.destroy();
    return (
      found ??
      this.#device.createBuffer({
        label: 'read back',
        size: Math.ceil(bytes / 256) * 256,
        usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
      })
    );
  }

  /** Turns the rejection of a promise on a lost device into DeviceLostError. */
  async #guard(work: Promise<unknown>): Promise<void> {
    const lost = this.#open.lost.then((error) => {
      throw error;
    });
    lost.catch(() => undefined);
    try {
      await Promise.race([work, lost]);
    } catch (cause) {
      if (cause instanceof ArkletError) throw cause;
      const reason = await Promise.race([
        this.#open.lost,
        new Promise<null>((resolve) => setTimeout(() => resolve(null), 100)),
      ]);
      throw (
        reason ??
        this.#open.uncaptured() ??
        new ArkletError(`The GPU refused to answer: ${String(cause)}`, 'Reload the page.', { cause })
      );
    }
  }

  #throwFailure(): void {
    const failure = this.#failure ?? this.#open.uncaptured();
    this.#failure = null;
    if (failure instanceof Error) throw failure;
    if (failure !== null) throw new ArkletError(`The GPU failed: ${String(failure)}`, 'Reload the page.');
    this.#pool.throwIfFailed();
  }
}
