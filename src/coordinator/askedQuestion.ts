/** Whether a question of the playground can be asked: its text, its options, and the words that the models know. */
import { ConfigError } from '../core/errors';
import type { EngineClient } from '../engine/engineClient';
import type { ResolvedModels } from '../job/resolveAgents';
import type { Question } from '../records/records';
import { questionId } from '../tasks/questionText';
import type { AskRequest } from '../wire/playground';

/** Longest question in characters: a word problem has some hundred. */
const longest = 4000;

/** The question as runs have them, without a right answer. Throws ConfigError where it is empty or too long. */
export function askedQuestion(request: AskRequest): Question {
  const text = checkedText(request.question);
  const options = checkedOptions(request);
  return {
    id: questionId([text, ...options].join('\n')),
    split: 'test',
    text,
    gold: '',
    answerType: request.answerType,
    ...(options.length > 0 && { options }),
  };
}

function checkedText(input: string): string {
  const text = input.trim().replace(/\s+/g, ' ');
  if (text === '') throw new ConfigError('The question is empty.', 'Write one, or take an example.');
  if (text.length > longest) {
    throw new ConfigError(
      `The question has ${text.length} characters; at most ${longest} can be asked.`,
      'Shorten it.',
    );
  }
  return text;
}

function checkedOptions({ options = [], answerType }: AskRequest): readonly string[] {
  if (answerType !== 'choice') return [];
  const texts = options.map((one) => one.trim().replace(/\s+/g, ' ')).filter((one) => one !== '');
  if (texts.length === 1 || texts.length > 10) {
    throw new ConfigError(
      `A multiple choice has 2 to 10 options; this one has ${texts.length}.`,
      'Write one option a line.',
    );
  }
  if (texts.join('').length > longest)
    throw new ConfigError(`The options have more than ${longest} characters.`, 'Shorten them.');
  return texts;
}

/** Models with a small vocabulary cannot read other words at all: say which, rather than let them guess. */
export async function checkWords(
  engine: EngineClient,
  models: ResolvedModels['models'],
  { text, options = [] }: Question,
): Promise<void> {
  const asked = [text, ...options].join(' ');
  for (const { id } of models) {
    const words = await engine.unknownWords(id, asked);
    if (words.length === 0) continue;
    const variants = words.map(
      (word) => [word, word[0]?.toUpperCase() + word.slice(1).toLowerCase()] as const,
    );
    const still = new Set(await engine.unknownWords(id, variants.map(([, variant]) => variant).join(' ')));
    const named = variants.map(([word, variant]) =>
      variant !== word && !still.has(variant) ? `"${word}" (write ${variant})` : `"${word}"`,
    );
    const list = named.length > 1 ? `${named.slice(0, -1).join(', ')} and ${named.at(-1) ?? ''}` : named[0];
    throw new ConfigError(
      `${id === 'student' ? 'The student' : id} does not know the ${words.length === 1 ? 'word' : 'words'} ${list ?? ''}.`,
      'The bundled models read only the words of the problems they were made for: take an example and change its names and numbers.',
      { details: { words } },
    );
  }
}
