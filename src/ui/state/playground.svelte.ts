/** The playground: a new question, the arms that are asked, and their answers as they grow. */
import type { AdapterInfo, AskArm, AskReply, AskResult, JobEvent } from '../../core/jobApi';
import type { ErrorData } from '../../core/errors';
import type { Question } from '../../core/records';

type AskEvent = Extract<JobEvent, { type: 'ask' }>;

/** A turn as it is shown: text so far, and the reply once it has ended. */
export interface GrowingReply {
  readonly round: number;
  readonly agent: number;
  readonly text: string;
  readonly reply: AskReply | null;
}

export interface ArmAnswer {
  readonly arm: AskArm;
  readonly replies: readonly GrowingReply[];
  readonly result: AskResult | null;
}

function place(list: readonly GrowingReply[], next: GrowingReply): GrowingReply[] {
  const others = list.filter(({ round, agent }) => round !== next.round || agent !== next.agent);
  return [...others, next].sort((a, b) => a.round - b.round || a.agent - b.agent);
}

export class PlaygroundState {
  text = $state('');
  base = $state(true);
  ensemble = $state(true);
  /** Chosen adapters, by `adapterKey`. */
  chosen = $state.raw<readonly string[]>([]);
  adapters = $state.raw<readonly AdapterInfo[] | null>(null);
  examples = $state.raw<readonly Question[]>([]);
  exampleSeed = $state(1);
  answers = $state.raw<readonly ArmAnswer[]>([]);
  /** Question that the answers are of. */
  asked = $state<string | null>(null);
  asking = $state(false);
  error = $state.raw<ErrorData | null>(null);
  #id: string | null = null;

  /** The right answer, where the question is one of the examples. */
  readonly gold = $derived(this.examples.find(({ text }) => text === this.asked)?.gold ?? null);

  begin(id: string, text: string, arms: readonly AskArm[]): void {
    this.#id = id;
    this.asked = text;
    this.asking = true;
    this.error = null;
    this.answers = arms.map((arm) => ({ arm, replies: [], result: null }));
  }

  end(id: string, error: ErrorData | null): void {
    if (this.#id !== id) return;
    this.asking = false;
    this.error = error;
  }

  receive({ id, arm, part }: AskEvent): void {
    const known = this.answers[arm];
    if (id !== this.#id || !known) return;
    this.answers = this.answers.map((answer, at) => (at === arm ? grown(answer, part) : answer));
  }
}

function grown(answer: ArmAnswer, part: AskEvent['part']): ArmAnswer {
  switch (part.type) {
    case 'text': {
      const { round, agent } = part;
      const known = answer.replies.find((one) => one.round === round && one.agent === agent);
      const text = (known?.text ?? '') + part.text;
      return { ...answer, replies: place(answer.replies, { round, agent, text, reply: null }) };
    }
    case 'reply': {
      const { round, agent, reply: text } = part.reply;
      return { ...answer, replies: place(answer.replies, { round, agent, text, reply: part.reply }) };
    }
    case 'done':
      return { ...answer, result: part.result };
    default:
      return part satisfies never;
  }
}

export function adapterKey({
  runId,
  strategy,
  seed,
}: Omit<AdapterInfo, 'runName' | 'student' | 'recorded'>): string {
  return `${runId}|${strategy}|${seed}`;
}
