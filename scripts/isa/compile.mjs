/**
 * The process that compiles: Dawn on RADV's null hardware, one form after another. RADV writes its figures of a shader to stderr,
 * between our lines that say which form it is (`@@ {json}`) and how long it took (`@@ms N`).
 */
import { writeSync } from 'node:fs';
import { create, globals } from 'webgpu';
import { withSources } from '../node.mjs';

const say = (/** @type {string} */ line) => void writeSync(2, `${line}\n`);

Object.assign(globalThis, globals);
// Kept: Dawn ends with its GPU object.
const gpu = create(['backend=vulkan']);
const adapter = await gpu.requestAdapter();
if (adapter === null) throw new Error('The driver shows no adapter.');
const device = await adapter.requestDevice();
say(`@@device ${adapter.info.architecture} ${adapter.info.description}`);

await withSources(async (load) => {
  const { kernelCode } = /** @type {typeof import('../../src/gpu/pipelines')} */ (
    await load('/src/gpu/pipelines.ts')
  );
  const { formsOf } = /** @type {typeof import('./forms')} */ (await load('/scripts/isa/forms.ts'));
  const compile = async (/** @type {string} */ code) => {
    // Of this process, so that other work of the machine does not count; Dawn compiles in a thread of its own.
    const began = process.cpuUsage();
    await device.createComputePipelineAsync({
      layout: 'auto',
      compute: { module: device.createShaderModule({ code }), entryPoint: 'main' },
    });
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1000;
  };
  const forms = await formsOf();
  // What the first compilation loads is not its own.
  await compile('@compute @workgroup_size(1) fn main() {}');
  for (const { key, spec, hot } of forms) {
    say(`@@ ${JSON.stringify({ key, hot })}`);
    say(`@@ms ${(await compile(kernelCode(spec))).toFixed(0)}`);
  }
});
// Dawn's threads would keep the process.
process.exit(gpu ? 0 : 1);
