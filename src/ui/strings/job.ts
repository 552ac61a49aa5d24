/** What a job is at and where it computes, in words: for the page, and for what the command prints. */
import { droppedText } from '../../eval/droppedWords';
import type { DeviceFact, DeviceFacts } from '../../records/device';
import type { ProgressDetail, TrainingNote } from '../../wire/progress';
import { formatPlural } from '../format';

/** What arms and strategies are called; without an entry they keep the names of reports. */
export interface Names {
  arm(name: string): string;
  strategy(name: string): string;
}

const plain: Names = { arm: (name) => name, strategy: (name) => name };

const speaking = {
  debate: 'debate',
  samples: 'independent samples',
  'equal-token-samples': 'independent samples at equal tokens',
  'zero-shot-samples': 'vote without shots',
  summariser: 'summariser',
  'single-greedy': 'one agent alone, greedy',
} as const;

function noteText(note: TrainingNote): string {
  switch (note.kind) {
    case 'tuning':
      return 'choosing the fastest kernels, 2 s at most';
    case 'own-samples':
      return `on-policy samples, ${note.done} of ${note.total}`;
    case 'judging-steps':
      return `judging steps, ${note.done} of ${note.total}`;
    default:
      return note satisfies never;
  }
}

/** '' for none. */
export function progressText(detail: ProgressDetail | null, names: Names = plain): string {
  if (detail === null) return '';
  switch (detail.kind) {
    case 'training': {
      const { strategy, seed, seeds, note } = detail;
      const name = names.strategy(strategy) + (seeds === 1 ? '' : `, seed ${seed + 1} of ${seeds}`);
      return note ? `${name}: ${noteText(note)}` : name;
    }
    case 'arm':
      return names.arm(detail.arm) + (detail.seed === 0 ? '' : `, seed ${detail.seed}`);
    case 'check':
      return `${names.arm(detail.arm)} checks itself`;
    default:
      return speaking[detail.kind];
  }
}

const milliseconds = (seconds: number): string => `${(seconds * 1000).toPrecision(3)} ms`;

function factText(fact: DeviceFact): string {
  switch (fact.kind) {
    case 'asked':
      return fact.backend === 'webgpu' ? 'WebGPU was asked for.' : 'The CPU was asked for.';
    case 'measured':
      return `Measured on this machine: a step of ${fact.sequences} sequences took ${milliseconds(fact.webgpu)} on WebGPU and ${milliseconds(fact.cpu)} on the CPU.`;
    case 'threads':
      return `A step of ${fact.sequences} sequences took ${milliseconds(fact.one)} with 1 thread and ${milliseconds(fact.all)} with ${fact.threads}.`;
    case 'no-webgpu':
      return `${fact.message.replace(/\.$/, '')}: running on the CPU.`;
    case 'measurement-failed':
      return `WebGPU failed its measurement: ${fact.message}`;
    case 'wrong-kernels': {
      const kernels = fact.kernels.map(
        ({ kernel, error }) =>
          `${kernel} (${error === null ? 'no numbers' : `${error.toPrecision(2)} x its bound`})`,
      );
      return `${fact.device} computes wrong numbers in ${kernels.join(', ')}: the CPU is used.`;
    }
    case 'left-out':
      return `Left out, because wrong here: ${fact.variants.join(', ')}.`;
    case 'tests': {
      const { passed, left, seconds } = fact;
      const time = `in ${seconds.toFixed(1)} s`;
      return left === 0
        ? `${passed} tests of its kernels passed ${time}.`
        : `${passed} of ${passed + left} tests of its kernels passed ${time}, when time was up: the run began with the rest untested, and the next one continues with them.`;
    }
    case 'text':
      return fact.text;
    default:
      return fact satisfies never;
  }
}

/** Empty where there is nothing to show. */
export function deviceText(facts: DeviceFacts): string {
  return facts.map(factText).join(' ');
}

/** What the command prints of a dataset. */
export function datasetText(dataset: {
  readonly strategy: string;
  readonly kept: number;
  readonly dropped: Parameters<typeof droppedText>[0];
}): string {
  const dropped = droppedText(dataset.dropped);
  const kept = `${dataset.strategy}: ${formatPlural(dataset.kept, 'trace', 'traces')}`;
  return dropped === '' ? kept : `${kept}; dropped: ${dropped}`;
}
