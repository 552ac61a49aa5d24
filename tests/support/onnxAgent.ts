/** A bundled agent as the folder that transformers.js reads. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onnxLlama } from './onnxLlama';

/** Files by their paths in the folder; `root` = the built app. */
export function onnxAgent(root: string): Record<string, Buffer> {
  const from = join(root, 'models/agent-a');
  const names = ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json'];
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(from, name))]));
  const config = JSON.parse(String(files['config.json'])) as Parameters<typeof onnxLlama>[0];
  const weights = Uint8Array.from(readFileSync(join(from, 'model.safetensors')));
  return { ...files, 'onnx/model.onnx': Buffer.from(onnxLlama(config, weights.buffer)) };
}

/** The same on disk. */
export function writeOnnxAgent(root: string, folder: string): void {
  for (const [path, content] of Object.entries(onnxAgent(root))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}
