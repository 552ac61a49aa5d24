/** What the command prints about question files before a run: what the chosen models cannot read or answer. */
import { NothingToLearnError } from '../core/errors';
import type { Hopeless, QuestionCheck } from '../tasks/questionFiles';

const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;

/** Words before signs, which are less helpful. */
function named(words: readonly string[]): string {
  const letters = words.filter((word) => /\p{L}/u.test(word));
  const shown = letters.length > 0 ? letters : words;
  return shown
    .slice(0, 6)
    .map((word) => `"${word}"`)
    .join(', ');
}

/** A line for each problem, with what to do about it; empty where there is none. */
export function questionLines(check: QuestionCheck): readonly string[] {
  const { known, words, unreadable, questions, lacking, models, long, tight, unsayable, unchecked } = check;
  const lines: string[] = [];
  if (unreadable > 0) {
    lines.push(
      `${models.join(', ')}: ${known} of ${count(words, 'word')} known. ${unreadable} of ${count(questions, 'question')} cannot be read whole, for want of ${named(lacking)}. Choose models that read them (--agents, --student).`,
    );
  }
  const [worst] = [...long].sort((a, b) => b.tokens - a.tokens);
  if (worst) {
    const most = long.length === 1 ? worst.tokens : `up to ${worst.tokens}`;
    lines.push(
      `${count(long.length, 'question is', 'questions are')} too long for ${worst.model} (${most} of ${worst.context} tokens) and will count as wrong. Give fewer examples (--shots), leave them out, or choose a model with a longer context.`,
    );
  }
  if (tight) {
    lines.push(
      `${count(tight.questions, 'question leaves', 'questions leave')} as little as ${count(tight.room, 'token')} of a context for an answer that may take ${tight.asked}. Give fewer examples (--shots), or ask for shorter answers (--max-tokens ${tight.room}).`,
    );
  }
  if (unsayable) {
    lines.push(
      `${count(unsayable.questions, 'right answer')} cannot be written by these models, for want of ${named(unsayable.words)}. Choose other models (--agents, --student).`,
    );
  }
  if (lines.length > 0 && unchecked.length > 0)
    lines.push(`Not looked into, because they are not here: ${unchecked.join(', ')}.`);
  return lines;
}

const hints = {
  words: 'Choose models that know the words of the file.',
  long: 'Choose a model with a longer context, give fewer examples, or use shorter questions.',
} as const satisfies Record<Hopeless['why'], string>;

/** Why a run is not started: nobody who debates, or the student, can use one of the training questions. */
export function hopelessError({ who, why, questions }: Hopeless): NothingToLearnError {
  const all = questions === 1 ? 'the one training question' : `of the ${questions} training questions`;
  const some = questions === 1 ? all : `any ${all}`;
  const none = questions === 1 ? all : `none ${all}`;
  const not = questions === 1 ? 'cannot' : 'can';
  const message =
    why === 'words'
      ? `${who === 'agents' ? `No agent can read ${some}` : `The student ${not} read ${none}`} whole: words are lacking.`
      : `${who === 'agents' ? `No agent can fit ${some}` : `The student ${not} fit ${none}`} into its context: too long.`;
  const settings = [who === 'agents' ? 'agents' : 'student', ...(why === 'long' ? ['shots'] : [])];
  return new NothingToLearnError(message, hints[why], { details: { questions, settings, who, why } });
}
