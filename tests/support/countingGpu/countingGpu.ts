/**
 * A `GPU` that computes nothing and counts everything, with WebGPU's real behaviour where a device says no: buffers beyond the
 * memory are invalid and their error scope answers later, whatever uses them raises uncaptured validation errors. With a clock
 * every submit takes the time of its operations. For counts, pace, memory and order alone: what it reads back is zero.
 */
import { readInterface, type Interface } from '../../../src/gpu/source';
import type { VirtualClock } from './clock';
import { flopsOf } from './cost';

export interface CountingOptions {
  /** Bytes of the device. */
  readonly memory?: number;
  readonly clock?: VirtualClock;
  /** Effective speed, with a clock. */
  readonly gflops?: number;
  /** Completions are seen this many milliseconds after they were asked for, or at the next submit: as Firefox has it. */
  readonly pollMs?: number;
  /** Awaited before a pipeline stands. */
  readonly compiling?: () => Promise<unknown>;
  readonly vendor?: string;
}

export interface Counts {
  dispatches: number;
  submits: number;
  bindGroups: number;
  writes: number;
  writeBytes: number;
  reads: number;
  readBytes: number;
  pipelines: number;
  /** Waits for the queue, those of reads too. */
  waits: number;
  buffers: number;
  bytes: number;
  peakBytes: number;
  refused: number;
  longestSubmitMs: number;
  longestDispatchMs: number;
  flops: number;
}

/** What reached the queue, in order. */
export interface QueueEvent {
  readonly type: 'write' | 'dispatch' | 'copy' | 'destroy';
  readonly label: string;
  /** The first number that was written. */
  readonly value?: number;
}

interface Held {
  readonly label: string;
  readonly bytes: number;
  readonly invalid: boolean;
  destroyed: boolean;
  /** Contents of small buffers, for the cost of a dispatch. */
  data: Uint8Array | null;
}

interface Kernel {
  readonly label: string;
  readonly shape: Interface;
}

interface Bound {
  readonly invalid: boolean;
  readonly entries: readonly { binding: number; resource: { buffer: Held; offset?: number } }[];
}

type Step =
  | { type: 'dispatch'; kernel: Kernel; bound: Bound; at: number; groups: number }
  | { type: 'copy'; from: Held; to: Held };

const usage = { MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, UNIFORM: 64, STORAGE: 128, QUERY_RESOLVE: 512 };
/** Bytes of the largest buffer whose contents are kept. */
const keptBytes = 2 ** 20;
const submitMs = 0.05;
const dispatchMs = 0.02;

export class CountingGpu {
  readonly counts: Counts = {
    dispatches: 0,
    submits: 0,
    bindGroups: 0,
    writes: 0,
    writeBytes: 0,
    reads: 0,
    readBytes: 0,
    pipelines: 0,
    waits: 0,
    buffers: 0,
    bytes: 0,
    peakBytes: 0,
    refused: 0,
    longestSubmitMs: 0,
    longestDispatchMs: 0,
    flops: 0,
  };
  /** Filled from `trace` on. */
  readonly events: QueueEvent[] = [];
  /** Labels of the pipelines, in the order they were asked for. */
  readonly pipelines: string[] = [];
  trace = false;
  readonly #options: CountingOptions;
  readonly #listeners: ((event: { error: { message: string } }) => void)[] = [];
  readonly #scopes: { filter: string; message: string | null }[] = [];
  readonly #seeing = new Set<() => void>();
  readonly #codes = new Map<object, string>();
  #free = 0;
  #lose: (reason: { reason: string; message: string }) => void = () => undefined;

  constructor(options: CountingOptions = {}) {
    this.#options = options;
    Object.assign(globalThis, {
      GPUBufferUsage: usage,
      GPUShaderStage: { COMPUTE: 4 },
      GPUMapMode: { READ: 1, WRITE: 2 },
    });
  }

  /** What `createGpuBackend` opens. */
  get gpu(): GPU {
    const limits = {
      maxBufferSize: 4 * 2 ** 30 - 4,
      maxStorageBufferBindingSize: 4 * 2 ** 30 - 4,
      maxComputeWorkgroupStorageSize: 32768,
      maxComputeInvocationsPerWorkgroup: 1024,
      maxComputeWorkgroupSizeX: 1024,
      maxStorageBuffersPerShaderStage: 10,
      minUniformBufferOffsetAlignment: 256,
    };
    const info = {
      vendor: this.#options.vendor ?? 'counting',
      architecture: '',
      device: '',
      description: '',
    };
    const adapter = {
      limits,
      features: new Set<string>(),
      info: { ...info, isFallbackAdapter: false },
      requestDevice: async () => this.#device(limits),
    };
    return { requestAdapter: async () => adapter } as unknown as GPU;
  }

  /** The device goes away. */
  lose(message: string): void {
    this.#lose({ reason: 'unknown', message });
  }

  /** Counts from zero, with what is held kept. */
  reset(): void {
    const { buffers, bytes } = this.counts;
    for (const key of Object.keys(this.counts) as (keyof Counts)[]) this.counts[key] = 0;
    Object.assign(this.counts, { buffers, bytes, peakBytes: bytes });
  }

  #device(limits: object): unknown {
    return {
      limits,
      features: new Set<string>(),
      lost: new Promise((resolve) => (this.#lose = resolve)),
      addEventListener: (_: string, listener: (event: { error: { message: string } }) => void) =>
        this.#listeners.push(listener),
      destroy: () => undefined,
      createBuffer: (wanted: { size: number; label?: string; usage: number }) => this.#buffer(wanted),
      pushErrorScope: (filter: string) => void this.#scopes.push({ filter, message: null }),
      popErrorScope: async () => {
        const { message } = this.#scopes.pop()!;
        // The answer comes from another process: never within the task that asked.
        await this.#after(0);
        return message === null ? null : { message };
      },
      createBindGroupLayout: () => ({}),
      createPipelineLayout: () => ({}),
      createShaderModule: ({ code }: { code: string }) => {
        const shader = {};
        this.#codes.set(shader, code);
        return shader;
      },
      createComputePipelineAsync: (wanted: { label: string; compute: { module: object } }) =>
        this.#pipeline(wanted),
      createBindGroup: ({ entries }: { entries: Bound['entries'] }): Bound => {
        this.counts.bindGroups++;
        const broken = entries.find(({ resource }) => resource.buffer.invalid);
        if (broken) this.#error(`[Invalid Buffer "${broken.resource.buffer.label}"] is invalid.`);
        return { entries, invalid: broken !== undefined };
      },
      createCommandEncoder: () => this.#encoder(),
      createQuerySet: () => ({ destroy: () => undefined }),
      queue: {
        submit: (lists: readonly (readonly Step[])[]) => {
          this.#submit(lists.flat());
        },
        writeBuffer: (buffer: Held, offset: number, data: Uint8Array) => {
          this.#write(buffer, offset, data);
        },
        onSubmittedWorkDone: () => this.#seen(),
      },
    };
  }

  #buffer({ size, label = '', usage: wanted }: { size: number; label?: string; usage: number }): unknown {
    const { counts } = this;
    const invalid = counts.bytes + size > (this.#options.memory ?? Infinity);
    if (invalid) {
      counts.refused++;
      this.#error('Out of memory', 'out-of-memory');
    } else {
      counts.buffers++;
      counts.bytes += size;
      counts.peakBytes = Math.max(counts.peakBytes, counts.bytes);
    }
    const kept = this.#options.clock && ((wanted & usage.UNIFORM) > 0 || size <= keptBytes);
    const held: Held = {
      label,
      bytes: size,
      invalid,
      destroyed: false,
      data: kept ? new Uint8Array(size) : null,
    };
    return Object.assign(held, {
      size,
      destroy: () => {
        if (held.destroyed) return;
        held.destroyed = true;
        this.#log({ type: 'destroy', label: held.label });
        if (invalid) return;
        counts.buffers--;
        counts.bytes -= size;
      },
      mapAsync: async () => {
        if (invalid || held.destroyed) {
          this.#error(`[Invalid Buffer "${held.label}"] is invalid.`);
          throw new DOMException('Buffer is invalid.', 'OperationError');
        }
        await this.#seen();
      },
      getMappedRange: (_: number, bytes: number) => {
        counts.reads++;
        counts.readBytes += bytes;
        return new ArrayBuffer(bytes);
      },
      unmap: () => undefined,
    });
  }

  async #pipeline({ label, compute }: { label: string; compute: { module: object } }): Promise<Kernel> {
    this.counts.pipelines++;
    this.pipelines.push(label);
    await this.#options.compiling?.();
    const code = this.#codes.get(compute.module) ?? '';
    const constants = Object.fromEntries(
      [...code.matchAll(/^const (\w+) = (\d+)u;/gm)].map(([, name = '', value]) => [name, Number(value)]),
    );
    return { label, shape: readInterface(code, constants) };
  }

  #encoder(): unknown {
    const steps: Step[] = [];
    let kernel: Kernel | null = null;
    let bound: Bound | null = null;
    let at = 0;
    const pass = {
      setPipeline: (next: Kernel) => (kernel = next),
      setBindGroup: (_: number, next: Bound, [offset = 0]: readonly number[] = []) => {
        bound = next;
        at = offset;
      },
      dispatchWorkgroups: (x: number, y = 1) => {
        if (kernel && bound) steps.push({ type: 'dispatch', kernel, bound, at, groups: x * y });
      },
      end: () => undefined,
    };
    return {
      beginComputePass: () => pass,
      copyBufferToBuffer: (from: Held, _: number, to: Held) => steps.push({ type: 'copy', from, to }),
      resolveQuerySet: () => undefined,
      finish: () => steps,
    };
  }

  #submit(steps: readonly Step[]): void {
    const { counts } = this;
    const { clock, gflops = 1000 } = this.#options;
    counts.submits++;
    let ms = submitMs;
    for (const step of steps) {
      const buffers =
        step.type === 'copy'
          ? [step.from, step.to]
          : step.bound.entries.map(({ resource }) => resource.buffer);
      const broken = buffers.find(({ invalid, destroyed }) => invalid || destroyed);
      if (broken) {
        this.#error(
          broken.invalid
            ? `[Invalid CommandBuffer] is invalid: "${broken.label}".`
            : `Buffer "${broken.label}" used in submit while destroyed.`,
        );
        return;
      }
    }
    for (const step of steps) {
      if (step.type === 'copy') {
        this.#log({ type: 'copy', label: step.from.label });
        continue;
      }
      counts.dispatches++;
      this.#log({ type: 'dispatch', label: step.kernel.label });
      if (!clock) continue;
      const flops = costOf(step);
      counts.flops += flops;
      const took = dispatchMs + flops / gflops / 1e6;
      counts.longestDispatchMs = Math.max(counts.longestDispatchMs, took);
      ms += took;
    }
    if (steps.length > 0) counts.longestSubmitMs = Math.max(counts.longestSubmitMs, ms);
    if (clock && steps.length > 0) this.#free = Math.max(this.#free, clock.now) + ms;
    for (const see of this.#seeing) see();
  }

  #write(buffer: Held, offset: number, data: Uint8Array): void {
    this.counts.writes++;
    this.counts.writeBytes += data.byteLength;
    const [value] = data.byteLength < 4 ? [] : new Float32Array(data.slice(0, 4).buffer);
    this.#log({ type: 'write', label: buffer.label, ...(value === undefined ? {} : { value }) });
    if (buffer.invalid) this.#error(`[Invalid Buffer "${buffer.label}"] is invalid.`);
    if (buffer.destroyed) this.#error(`Buffer "${buffer.label}" used in writeBuffer while destroyed.`);
    buffer.data?.set(data, offset);
  }

  /** Resolves when the page sees that what was submitted is done. */
  #seen(): Promise<void> {
    this.counts.waits++;
    const { clock, pollMs } = this.#options;
    const now = clock ? clock.now : performance.now();
    const done = clock ? Math.max(this.#free, now) : now;
    if (pollMs === undefined) return clock ? clock.until(done) : this.#after(0);
    const tick = now + Math.max(1, Math.ceil((done - now) / pollMs)) * pollMs;
    return new Promise((resolve) => {
      const see = (): void => {
        // A submit makes the page look, and what it finds is told a moment later.
        if ((clock ? clock.now : performance.now()) < done) return;
        this.#seeing.delete(see);
        cancel();
        void this.#after(0.1).then(resolve);
      };
      const late = (): void => {
        this.#seeing.delete(see);
        resolve();
      };
      const timer = clock ? null : setTimeout(late, tick - now);
      const cancel = clock ? clock.at(tick, late) : () => clearTimeout(timer ?? undefined);
      this.#seeing.add(see);
    });
  }

  #after(ms: number): Promise<void> {
    const { clock } = this.#options;
    return clock ? clock.until(clock.now + ms) : new Promise((resolve) => setImmediate(resolve));
  }

  #error(message: string, filter = 'validation'): void {
    const scope = this.#scopes.findLast((open) => open.filter === filter);
    if (scope) scope.message ??= message;
    else void this.#after(0).then(() => this.#listeners.forEach((tell) => tell({ error: { message } })));
  }

  #log(event: QueueEvent): void {
    if (this.trace) this.events.push(event);
  }
}

function costOf({ kernel, bound, at, groups }: Step & { type: 'dispatch' }): number {
  const { shape, label } = kernel;
  const uniforms = bound.entries.find(({ binding }) => binding === 0)?.resource.buffer.data;
  if (!uniforms) return 0;
  const view = new DataView(uniforms.buffer, at);
  const sizes: Record<string, number> = {};
  let covered = 0;
  for (const { name, type, offset } of shape.fields) {
    if (type === 'u32') sizes[name] = view.getUint32(offset, true);
    else if (type === 'f32') sizes[name] = view.getFloat32(offset, true);
    else
      for (let s = 0; s < 4; s++)
        covered += s < (sizes['segmentCount'] ?? 0) ? view.getUint32(offset + 16 * s + 4, true) : 0;
  }
  const u32 = (name: string, index: number): number => {
    const binding = shape.bindings.find((one) => one.name === name);
    const resource = bound.entries.find((entry) => entry.binding === binding?.index)?.resource;
    const data = resource?.buffer.data;
    const place = (resource?.offset ?? 0) + 4 * index;
    return data && place + 4 <= data.length ? new DataView(data.buffer).getUint32(place, true) : 0;
  };
  const threads = groups * shape.workgroupSize;
  return flopsOf({ kernel: label.split(' ')[0] ?? '', sizes, covered, threads, u32 });
}
