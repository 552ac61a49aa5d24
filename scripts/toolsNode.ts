/** The `lm`, `selftest` and `bench` commands in Node: on the CPU path, or on WebGPU through Dawn (npm package webgpu). */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createGpuBackend } from '../src/compute/gpuBackend';
import type { GpuBackend, GpuOptions } from '../src/compute/gpuBackend';
import type { Backend } from '../src/compute/ops';
import { selftest } from '../src/compute/selftest';
import { createWasmBackend } from '../src/compute/wasmBackend';
import type { SelftestReport } from '../src/compute/selftestReport';
import { benchLine } from '../src/commands/benchLine';
import { deviceBench } from '../src/engine/deviceBench';
import type { DeviceBench } from '../src/wire/deviceBench';
import type { SelftestRequest } from '../src/commands/toolProtocol';
import { runTool } from '../src/commands/tools';
import type { ToolRequest } from '../src/commands/tools';
import { NodeSource } from './nodeSource';

// Dawn stops answering once its GPU object is collected.
const kept: GPU[] = [];

export async function dawnBackend(options: GpuOptions = {}): Promise<GpuBackend> {
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  const gpu = create([]);
  kept.push(gpu);
  return createGpuBackend(gpu, options);
}

/** Runs a verb and writes its files under `out`; resolves with the document. */
export async function toolInNode(
  request: Omit<ToolRequest, 'checkpoint'>,
  options: {
    device: 'cpu' | 'dawn';
    out: string;
    checkpoint: string | null;
    signal: AbortSignal;
    log: (line: string) => void;
  },
): Promise<unknown> {
  const { device, out, signal, log } = options;
  let backend: Backend | null = null;
  const save = async (path: string, bytes: Uint8Array): Promise<void> => {
    const file = path === '' ? out : join(out, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  };
  const writes: Promise<void>[] = [];
  const checkpoint = options.checkpoint === null ? null : new Uint8Array(await readFile(options.checkpoint));
  try {
    const { document, files } = await runTool(
      { ...request, checkpoint },
      {
        backend: async () => (backend ??= await (device === 'cpu' ? createWasmBackend() : dawnBackend())),
        source: (place) => NodeSource.open(place),
      },
      {
        signal,
        onProgress: (progress) => {
          if (progress.type === 'line') log(progress.line);
          else writes.push(save(progress.path, progress.bytes));
        },
      },
    ).finally(() => Promise.allSettled(writes));
    for (const [path, bytes] of files) await save(path, bytes);
    return document;
  } finally {
    (backend as Backend | null)?.dispose();
  }
}

export async function selftestInNode(
  request: SelftestRequest,
  device: 'cpu' | 'dawn',
): Promise<SelftestReport> {
  const backend = await (device === 'cpu' ? createWasmBackend() : dawnBackend());
  try {
    return await selftest(backend, request);
  } finally {
    backend.dispose();
  }
}

export async function benchInNode(
  device: 'cpu' | 'dawn',
  { signal, log }: { readonly signal: AbortSignal; readonly log: (line: string) => void },
): Promise<DeviceBench> {
  const backend = await (device === 'cpu' ? createWasmBackend() : dawnBackend());
  try {
    return await deviceBench(backend, { signal, onFigure: (figure) => log(benchLine(figure)) });
  } finally {
    backend.dispose();
  }
}
