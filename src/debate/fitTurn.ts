/** Makes a turn fit its agent's context: long earlier replies are shortened before the agent is asked. */
import type { AgentBackend } from '../agents/agent';
import type { Message } from '../records/records';
import { fitContext } from './context';
import { quotesPeers } from './prompts';
import type { PlannedTurn } from './protocol';

/** Tokens that a chat template adds: to each message, and to start the reply. */
const perMessage = 8;
const perPrompt = 16;

/** Attempts to get under the limit; each takes away what the one before was over. */
const attempts = 6;

export interface FittedTurn {
  readonly messages: readonly Message[];
  /** Earlier replies that were shortened or left out. */
  readonly shortened: number;
  /** Agents whose replies stand in the messages, whole or their ends. */
  readonly read: readonly number[];
}

/** The turn as it was planned. */
export function unfitted({ messages, style, earlier }: PlannedTurn): FittedTurn {
  const read = earlier && quotesPeers(style, earlier.own.length) ? earlier.peerAgents : [];
  return { messages, shortened: 0, read };
}

const bytes = (text: string): number => new TextEncoder().encode(text).length;

/**
 * `replyTokens` are kept free for the answer. A turn without earlier replies, of an agent that names no limit, or that fits, is
 * left as it is. One that cannot be made to fit comes back as short as it gets: the agent then says so itself.
 */
export async function fitTurn(
  plan: PlannedTurn,
  backend: Pick<AgentBackend, 'context'>,
  replyTokens: number,
): Promise<FittedTurn> {
  const { earlier } = plan;
  const limit = backend.context ?? null;
  const whole = unfitted(plan);
  if (!limit || !earlier || earlier.own.length + earlier.peers.length === 0) return whole;
  const room = limit.tokens - replyTokens;
  const frame = (messages: readonly Message[]): number => perPrompt + perMessage * messages.length;
  // No tokenizer makes more tokens than there are bytes, so most turns need no count.
  const most = plan.messages.reduce((sum, { content }) => sum + bytes(content), 0);
  if (most + frame(plan.messages) <= room) return whole;

  const size = async (messages: readonly Message[]): Promise<number> => {
    const counts = await limit.count(messages.map(({ content }) => content));
    return counts.reduce((sum, count) => sum + count, frame(messages));
  };
  let excess = (await size(plan.messages)) - room;
  if (excess <= 0) return whole;

  const texts = [...earlier.own, ...earlier.peers];
  const counts = await limit.count(texts);
  // Of a part of a text only its length is known: the densest text's tokens per character are an upper estimate.
  const density = Math.max(...texts.map((text, i) => (counts[i] ?? 0) / Math.max(1, text.length)));
  const count = (text: string): number => Math.ceil(text.length * density);
  let tokens = texts.reduce((sum, text) => sum + count(text), 0);
  let fitted: FittedTurn = whole;
  for (let attempt = 0; attempt < attempts && excess > 0 && tokens > 0; attempt++) {
    tokens = Math.max(0, tokens - excess);
    const { own, peers, keptPeers, shortened } = fitContext(earlier.own, earlier.peers, { tokens, count });
    const quoted = quotesPeers(plan.style, own.length) ? keptPeers : [];
    const read = quoted.flatMap((place) => earlier.peerAgents[place] ?? []);
    fitted = { messages: earlier.render(own, peers), shortened, read };
    excess = (await size(fitted.messages)) - room;
  }
  return fitted;
}
