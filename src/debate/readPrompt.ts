/**
 * Prompts read backwards: the one place that takes from a prompt's text what turns of older versions, and of other programs, do
 * not state (how they were prompted, whom they read, what was asked). Turns of this version state the first two.
 */
import { groupedBy } from '../core/groupedBy';
import type { Message, Question, Turn } from '../records/records';
import { answerFormat, naturalEnding, thinking } from './prompts';
import { isShown, shortenedMarker, shownTurns, type Visibility } from './visibility';

/**
 * The question that a turn of round 0 was asked: `turnMessages` backwards. Of messages made elsewhere it takes the last
 * one as it stands; the right answer then says what kind of answer is asked for.
 */
export function askedQuestion(
  messages: readonly Message[],
  gold: string,
): Pick<Question, 'text' | 'answerType' | 'options'> {
  const content = messages.findLast(({ role }) => role === 'user')?.content ?? '';
  const asks = (['number', 'choice', 'text'] as const).find((type) => content.endsWith(answerFormat(type)));
  const guess = /^[A-J]$/.test(gold) ? 'choice' : /^-?\d+([./]\d+)?$/.test(gold) ? 'number' : 'text';
  const answerType = asks ?? guess;
  const ending = naturalEnding(answerType);
  const text = content.endsWith(ending) ? content.slice(0, -ending.length) : content;
  if (answerType !== 'choice') return { text, answerType };
  const lines = text.split('\n');
  const options: string[] = [];
  for (let letter = 0; letter < 10; letter++) {
    const at = lines.length - letter - 1;
    const [, option] = /^[A-J]\. (.*)$/.exec(lines[at] ?? '') ?? [];
    if (option === undefined) break;
    options.unshift(option);
  }
  const lettered = options.every(
    (_, i) => lines[lines.length - options.length + i]?.charCodeAt(0) === 65 + i,
  );
  return lettered && options.length > 0
    ? { text: lines.slice(0, -options.length).join('\n'), answerType, options }
    : { text, answerType };
}

/** Turns with their style: a model of which some first turn was asked in the natural style was prompted so, any other compactly. */
export function withStyles(turns: readonly Turn[]): readonly Turn[] {
  if (turns.every(({ style }) => style !== undefined)) return turns;
  const asked = (turn: Turn): boolean =>
    turn.style === 'natural' ||
    (turn.round === 0 &&
      turn.messages.some(({ role, content }) => role === 'user' && content.includes(thinking)));
  const natural = new Set(turns.filter(asked).map(({ model }) => model));
  return turns.map((turn) =>
    turn.style === undefined ? { ...turn, style: natural.has(turn.model) ? 'natural' : 'compact' } : turn,
  );
}

/** Turns with whom they read. `visibility` null: the settings of the debate are not known, the prompts alone tell. */
function withReaders(turns: readonly Turn[], visibility: Visibility | null): readonly Turn[] {
  const lacks = ({ protocol, round, read }: Turn): boolean =>
    protocol === 'debate' && round > 0 && read === undefined;
  if (!turns.some(lacks)) return turns;
  const debates = groupedBy(
    turns.filter(({ protocol }) => protocol === 'debate'),
    ({ questionId }) => questionId,
  );
  return turns.map((turn) =>
    lacks(turn) ? { ...turn, read: readersOf(turn, debates.get(turn.questionId) ?? [], visibility) } : turn,
  );
}

/** Turns of one run with every fact that they lack; those of this version come back as they are. */
export function withFacts(turns: readonly Turn[], visibility: Visibility | null): readonly Turn[] {
  return withReaders(withStyles(turns), visibility);
}

function readersOf(turn: Turn, debate: readonly Turn[], visibility: Visibility | null): readonly number[] {
  const shown = visibility
    ? shownTurns(visibility, debate, turn)
    : debate
        .filter((one) => one.round === turn.round - 1 && one.agent !== turn.agent && isShown(one))
        .sort((a, b) => a.agent - b.agent);
  // A prompt with all earlier replies quotes everybody who was to be shown.
  const whole = (turn.shortened ?? 0) === 0 && turn.messages.some(({ role }) => role === 'assistant');
  const read = visibility && whole ? shown : quotedIn(turn.messages, shown);
  return read.map(({ agent }) => agent);
}

/** A reply as it may stand in a prompt: whole, then ever shorter ends of it. */
function* formsOf(reply: string): Generator<string> {
  const text = reply.trim();
  if (text === '') return;
  yield text;
  for (const { index } of text.matchAll(/\S+/g)) if (index > 0) yield shortenedMarker + text.slice(index);
}

/** Where `form` stands in `text` as words of its own, as far back as possible; -1 where it does not. */
function lastPlace(text: string, form: string): number {
  for (let at = text.lastIndexOf(form); at >= 0; at = at === 0 ? -1 : text.lastIndexOf(form, at - 1)) {
    const around = (text[at - 1] ?? ' ') + (text[at + form.length] ?? ' ');
    if (/^\s\s$/.test(around)) return at;
  }
  return -1;
}

/**
 * Of the turns that an agent was to be shown, in order of agent, those whose reply stands in its messages, whole or its end.
 * Replies keep their order, and the last are the last to be left out, so they are looked for from the end: a peer's end is never
 * found in that of a later one.
 */
function quotedIn(messages: readonly Message[], shown: readonly Turn[]): readonly Turn[] {
  let text = messages.findLast(({ role }) => role === 'user')?.content ?? '';
  return shown
    .toReversed()
    .filter(({ reply }) => {
      for (const form of formsOf(reply)) {
        const at = lastPlace(text, form);
        if (at < 0) continue;
        text = text.slice(0, at);
        return true;
      }
      return false;
    })
    .reverse();
}
