/** Rows with and without thoughts, through chat templates in the shapes that thinking models have. */
import { describe, expect, it } from 'vitest';
import { ChatTemplate } from '../../../src/lm/chat/chatTemplate';
import type { Tokenizer } from '../../../src/lm/types';
import type { Message } from '../../../src/records/records';
import { joinThoughts, type ThinkingMode } from '../../../src/records/thoughts';
import { tokeniseRow } from '../../../src/train/batch';

/** A switch in the template; an empty block where it is off, and the last reply's thoughts kept. */
const switched = `{% for m in messages %}<{{ m.role }}>{% if m.role == 'assistant' %}{% set t = m.content.split('</think>') %}{% if t|length > 1 %}<think>
{{ t[0].split('<think>')[-1].strip() }}
</think>

{% else %}<think>

</think>

{% endif %}{{ t[-1].strip() }}{% else %}{{ m.content }}{% endif %}|{% endfor %}{% if add_generation_prompt %}<assistant>{% if enable_thinking is defined and not enable_thinking %}<think>

</think>

{% endif %}{% endif %}`;
/** The prompt opens the thoughts, and finished turns are without them. */
const opening = `{% for m in messages %}<{{ m.role }}>{{ m.content.split('</think>')[-1].strip() }}|{% endfor %}{% if add_generation_prompt %}<assistant><think>
{% endif %}`;
/** Neither: the model itself begins its thoughts, and finished turns are without them. */
const silent = `{% for m in messages %}<{{ m.role }}>{{ m.content.split('</think>')[-1].strip() }}|{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}`;

function tokenizer(template: string, thinking: ThinkingMode): Tokenizer {
  const chat = new ChatTemplate(template, {}, 'm');
  const ids = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));
  return {
    vocab: 256,
    eosIds: [124],
    encode: ids,
    decode: (list) => String.fromCharCode(...list),
    chats: true,
    chatText: (messages, options) => chat.text(messages, { thinking, ...options }),
    chatIds: (messages, options) => ids(chat.text(messages, { thinking, ...options })),
    unknownWords: () => [],
  };
}

function row(template: string, thinking: ThinkingMode, reply: string) {
  const tokens = tokenizer(template, thinking);
  const messages: Message[] = [
    { role: 'user', content: '2 + 2' },
    { role: 'assistant', content: reply },
  ];
  const { ids, responseStart } = tokeniseRow(tokens, { messages });
  const prompt = tokens.chatText(messages.slice(0, 1), { addGenerationPrompt: true });
  // Whatever is learnt follows the very prompt that the student will be asked with.
  expect(tokens.decode(ids.slice(0, responseStart))).toBe(prompt);
  return { prompt, target: tokens.decode(ids.slice(responseStart)) };
}

const thoughtful = joinThoughts('two', '#### 4');

describe('an answer alone', () => {
  it('follows the empty block that switches thinking off', () => {
    expect(row(switched, 'off', '#### 4')).toEqual({
      prompt: '<user>2 + 2|<assistant><think>\n\n</think>\n\n',
      target: '#### 4|',
    });
  });

  it('follows thoughts that are closed at once where the prompt opens them', () => {
    expect(row(opening, 'off', '#### 4').target).toBe('\n</think>\n\n#### 4|');
  });

  it('is as it was where nothing opens thoughts', () => {
    expect(row(silent, 'off', '#### 4').target).toBe('#### 4|');
  });
});

describe('an answer with its thoughts', () => {
  it('is written as the template writes it', () => {
    expect(row(switched, 'on', thoughtful).target).toBe('<think>\ntwo\n</think>\n\n#### 4|');
  });

  it('goes on from where the prompt opens them', () => {
    expect(row(opening, 'auto', thoughtful).target).toBe('two\n</think>\n\n#### 4|');
  });

  it('is whole also where the template would leave the thoughts out', () => {
    expect(row(silent, 'auto', thoughtful).target).toBe('<think>\ntwo\n</think>\n\n#### 4|');
  });
});
