/** An Ollama Modelfile. Ollama takes the chat template from the GGUF; stop texts and decoding stand here. */

/** A text as a Modelfile quotes it. */
const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

export function modelfile(options: {
  /** The GGUF beside it. */
  readonly file: string;
  /** Texts of the tokens that end a reply. */
  readonly stops: readonly string[];
  readonly context: number;
}): string {
  const { file, stops, context } = options;
  return [
    `FROM ./${file}`,
    ...stops.map((stop) => `PARAMETER stop ${quoted(stop)}`),
    `PARAMETER num_ctx ${Math.min(context, 8192)}`,
    '# As the student is decoded in its evaluation.',
    'PARAMETER temperature 0',
    '',
  ].join('\n');
}
