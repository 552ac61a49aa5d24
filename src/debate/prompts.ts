/**
 * The messages of a turn (docs/method.md section 1): round 0 is the question alone; in round r an agent sees its own
 * earlier turns and its peers' turns of round r - 1 as additional advice, then the question again.
 */
import type { AnswerType, Message, PromptStyle, Question } from '../records/records';

/** A solved question shown before the one asked. */
export interface Shot {
  readonly question: string;
  readonly solution: string;
}

export interface TurnContext {
  readonly style: PromptStyle;
  readonly question: Pick<Question, 'text' | 'answerType' | 'options'>;
  /** The agent's own turns so far, oldest first; empty in round 0. */
  readonly own: readonly string[];
  /** Peers' replies of the round before. */
  readonly peers: readonly string[];
  readonly shots?: readonly Shot[];
  /** System prompt (natural style only). */
  readonly persona?: string;
}

/** What the agent is asked in this turn. */
export function turnMessages(context: TurnContext): Message[] {
  return context.style === 'compact' ? compactTurn(context) : naturalTurn(context);
}

/** One agent reads every reply of the last round and gives the debate's answer. */
export function summariserMessages(
  context: Pick<TurnContext, 'style' | 'question' | 'shots' | 'persona'> & { replies: readonly string[] },
): Message[] {
  const { replies, ...rest } = context;
  if (context.style === 'compact') {
    return compactTurn({ ...rest, own: replies.slice(0, 1), peers: replies.slice(1) });
  }
  const messages = openingMessages(rest);
  const asked = messages.pop();
  const solutions = replies.map((reply, agent) => `Solution ${agent + 1}:\n${reply.trim()}`);
  const content = [
    asked?.content ?? '',
    `${replies.length} agents have answered this question:`,
    ...solutions,
    'Weigh these solutions against each other and give the one final answer.',
    answerFormat(context.question.answerType),
  ].join('\n\n');
  return [...messages, { role: 'user', content }];
}

/** The student sees its own answer and is asked to check it. */
export function selfCheckMessages(context: Omit<TurnContext, 'own' | 'peers'> & { own: string }): Message[] {
  const { style, question, own } = context;
  if (style === 'compact') {
    return [
      { role: 'user', content: question.text },
      { role: 'assistant', content: own },
      { role: 'user', content: '<check>' },
    ];
  }
  const check =
    'Check your solution step by step and correct any mistake. Then give your final answer. ' +
    answerFormat(question.answerType);
  return [...openingMessages(context), { role: 'assistant', content: own }, { role: 'user', content: check }];
}

/** Whether peers' replies stand in a turn's messages: the compact style has no place for them beside no reply of one's own. */
export function quotesPeers(style: PromptStyle | undefined, own: number): boolean {
  return style !== 'compact' || own > 0;
}

/** How an answer is asked for; the strict matcher looks for this form. */
export function answerFormat(answerType: AnswerType): string {
  if (answerType === 'number') return 'End with "####" followed by the final number.';
  if (answerType === 'choice') return 'End with "####" followed by the letter of the right option.';
  return 'End with "####" followed by the final answer.';
}

/** How a question ends that is asked in the natural style. */
export function naturalEnding(answerType: AnswerType): string {
  return `\n\n${thinking} ${answerFormat(answerType)}`;
}

/** In the natural style alone. */
export const thinking = 'Think step by step.';

function compactTurn({ question, own, peers }: TurnContext): Message[] {
  const asked: Message = { role: 'user', content: questionText(question) };
  const last = own.at(-1);
  if (last === undefined) return [asked];
  const advice = peers.map((reply) => `<peer> ${reply.trim()}`).join(' ');
  return [asked, { role: 'assistant', content: last }, { role: 'user', content: advice || '<check>' }];
}

function naturalTurn(context: TurnContext): Message[] {
  const { question, own, peers } = context;
  const messages = openingMessages(context);
  own.forEach((reply, round) => {
    messages.push({ role: 'assistant', content: reply });
    if (round < own.length - 1) {
      messages.push({
        role: 'user',
        content: 'Other agents have answered too. Think again and answer anew.',
      });
    }
  });
  if (own.length === 0 && peers.length === 0) return messages;
  // An agent that failed before, or whose own replies found no room, still reads its peers: in the message that asks.
  if (own.length === 0) messages.pop();
  const advice = peers.map((reply, peer) => `One agent's solution (${peer + 1}):\n${reply.trim()}`);
  messages.push({
    role: 'user',
    content: [
      ...(advice.length > 0
        ? ['These are the solutions of other agents:', ...advice, 'Using them as additional advice,']
        : ['Think again and']),
      own.length === 0 ? 'solve this question.' : 'solve the question once more.',
      `Question: ${questionText(question)}`,
      answerFormat(question.answerType),
    ].join('\n\n'),
  });
  return messages;
}

/** System prompt, solved examples as a conversation, and the question. */
function openingMessages({ question, shots, persona }: Omit<TurnContext, 'own' | 'peers'>): Message[] {
  const messages: Message[] = persona ? [{ role: 'system', content: persona }] : [];
  for (const shot of shots ?? []) {
    messages.push({ role: 'user', content: shot.question }, { role: 'assistant', content: shot.solution });
  }
  messages.push({
    role: 'user',
    content: questionText(question) + naturalEnding(question.answerType),
  });
  return messages;
}

/** The question with its options, if it has any, as lettered lines. */
export function questionText(question: Pick<Question, 'text' | 'options'>): string {
  const options = question.options?.map((option, i) => `${String.fromCharCode(65 + i)}. ${option}`) ?? [];
  return [question.text, ...options].join('\n');
}
