/** Words of messages: what the page says where an error's own text is for the command line or for programmers. */
export const errorStrings = {
  label: 'Messages',
  badHash: (name: string, value: string): string => `The address sets ${name} to "${value}".`,
  badHashHint: 'That setting is left at its preset.',
  archiveFormat: (name: string, reason: string): string => `${name} is not a run of Arklet: ${reason}.`,
  archiveHint: 'Choose a .json.gz file that the Runs panel exported.',
  archiveReasons: {
    damaged: 'its gzip data or JSON is damaged',
    unknown: 'it is neither gzip nor JSON',
    deep: (most: number): string => `it nests lists more than ${most} deep`,
  },
  thisFile: 'This',
  recordedName: 'The recorded run',
  questionFile: (name: string): string => `${name} is a question file, not a run.`,
  questionFileHint: 'Use it under Settings, Questions.',
  useQuestions: 'Use it there',
  smaller: 'Smaller models',
  noWorker: 'The engine did not start.',
  noWorkerHint: 'Reload the page. The recorded run can be read without it.',

  unexpected: 'Arklet made a mistake here.',
  unexpectedHint:
    'Reload the page and try again: everything so far is saved. Please report it with the copied details.',
  copy: 'Copy the details',
  copied: 'Copied',

  setting: (label: string, value: string, allowed: string): string =>
    `${label} is ${value}, but must be ${allowed}.`,
  settingHint: (label: string): string => `Change "${label}" under Settings and start again.`,
  missing: 'is missing',
  nothing: 'nothing',
  splitUnsaid: (name: string): string =>
    `${name} does not say how its tokenizer splits text. A general rule is used, as in llama.cpp, which may make its replies worse.`,
  splitUnsaidHint:
    'Convert the model again with a current llama.cpp, or pick its Hugging Face folder instead of the .gguf file.',
} as const;
