/** Words of what is taken in: runs, debates, adapters. */
import type { TrajectoryImport } from '../../wire/runs';

const counted = (count: number, one: string, many: string): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

export const importStrings = {
  runs: 'Import a run or a debate',
  runsHelp:
    'A whole run (.json.gz), or trajectories (.jsonl). Pick the report.json of the same run together with them: it contains the settings and the right answers.',
  reading: 'Reading …',
  tooMany: (count: number): string => `${count} files were picked, which do not belong to one run.`,
  tooManyHint: 'Pick one .json.gz file, or one .jsonl file with at most one report.json.',
  found: ({ run, questions, turns, incomplete, unknown }: TrajectoryImport): string =>
    [
      `${run.name}: a debate of ${counted(questions, 'question', 'questions')} and ${counted(turns, 'turn', 'turns')}. Resume it to train a student on it.`,
      ...(incomplete === 0
        ? []
        : [`Left out: ${counted(incomplete, 'question', 'questions')} whose debate is incomplete.`]),
      ...(unknown === 0
        ? []
        : [
            `Left out: ${counted(unknown, 'question', 'questions')} that no turn answered correctly, so the right answer is unknown. Accuracies here are of the other questions, which are the easier ones; import the report.json too to keep them all.`,
          ]),
    ].join('\n'),
  adapter: 'Import an adapter',
  adapterHelp:
    'A LoRA adapter: the folder of PEFT (adapter_config.json and adapter_model.safetensors) or of MLX-LM (adapters.safetensors), or the GGUF of llama.cpp. It runs on the bundled model that its config names, else on the student of the run shown.',
  pickZip: 'Pick a .zip or .gguf',
  pickFolder: 'Pick its folder',
  unnamed: 'adapter',
  lacks: (name: string, file: string): string => `${name} has no ${file}.`,
  lacksHint: 'Pick a .zip that Arklet exported, or a folder that PEFT wrote.',
  apart: (name: string): string => `${name} has the adapter's settings and its weights in different folders.`,
  apartHint: 'They may be of different adapters: put both files of one adapter into one folder.',
  severalAdapters: (name: string, folders: readonly string[]): string =>
    `${name} holds ${folders.length} adapters: in ${folders.slice(0, 4).join(', ')}.`,
  severalHint: 'Pick the folder of one of them, such as its last checkpoint.',
  encrypted: (name: string): string => `${name} is protected by a password.`,
  encryptedHint: 'Unpack it, and pick the folder.',
  tooLarge: (name: string): string => `${name} holds more than 2 GB.`,
  bomb: (name: string): string => `${name} unpacks to more than 100 times its size, which no adapter does.`,
  tooLargeHint: 'An adapter is smaller: pick the folder that holds adapter_model.safetensors.',
  damaged: (name: string, file: string): string =>
    `${file} in ${name} is damaged: it does not match its checksum or its size.`,
  damagedHint: 'Download or export the .zip again.',
  badZip: (name: string): string => `${name} is no .zip file, or it is damaged.`,
  taken: (name: string): string => `${name} is imported and chosen.`,
  note: (file: string): string => `Debate imported from ${file}.`,
} as const;
