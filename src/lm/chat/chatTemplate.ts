/** The chat template of a model: prompts as transformers writes them, and what it takes beyond that so that every model is asked alike. */
import { ModelError } from '../../core/errors';
import type { Message } from '../../records/records';
import type { ThinkingMode } from '../../records/thoughts';
import { TemplateError } from '../jinja/errors';
import { Template } from '../jinja/template';

export interface ChatOptions {
  readonly addGenerationPrompt: boolean;
  /** Absent = auto: the template gets no switch. */
  readonly thinking?: ThinkingMode;
}

/** What chat templates call the switch for thinking. */
const switches = ['enable_thinking', 'thinking'] as const;
/** Words that a model was trained to obey, where its template has no switch. */
const words = { off: '/no_think', on: '/think' } as const;

const [asked, told, ruled] = ['qzxjk', 'jkxzq', 'zqkjx'] as const;

export class ChatTemplate {
  readonly #source: string;
  readonly #template: Template;
  /** bos_token, eos_token and so on. */
  readonly #named: Readonly<Record<string, string>>;
  readonly #model: string;
  #folds: boolean | null = null;

  constructor(source: string, named: Readonly<Record<string, string>>, model: string) {
    this.#source = source;
    this.#template = new Template(source);
    this.#named = named;
    this.#model = model;
  }

  /** Throws ModelError. */
  text(messages: readonly Message[], options: ChatOptions): string {
    try {
      return this.#render(this.#heard(this.#folded(messages), options.thinking), options);
    } catch (cause) {
      throw this.#fault(cause);
    }
  }

  /** What follows a finished reply; null where the template cannot be rendered, which is an error when it is used. */
  afterReply(): string | null {
    const messages: Message[] = [
      { role: 'user', content: asked },
      { role: 'assistant', content: told },
    ];
    const text = this.#tried(messages);
    const at = text?.lastIndexOf(told) ?? -1;
    return text === null || at < 0 ? null : text.slice(at + told.length);
  }

  #render(messages: readonly Message[], { addGenerationPrompt, thinking = 'auto' }: ChatOptions): string {
    return this.#template.render({
      ...this.#named,
      messages,
      tools: null,
      documents: null,
      add_generation_prompt: addGenerationPrompt,
      ...(thinking !== 'auto' && Object.fromEntries(switches.map((name) => [name, thinking === 'on']))),
    });
  }

  /** Null where the template fails on these messages. */
  #tried(messages: readonly Message[]): string | null {
    try {
      return this.#render(messages, { addGenerationPrompt: false });
    } catch (cause) {
      if (cause instanceof TemplateError) return null;
      throw cause;
    }
  }

  /** Whether a system message would be refused or left out: it then stands at the head of the first user message. */
  get #foldsSystem(): boolean {
    const system: Message = { role: 'system', content: ruled };
    const user: Message = { role: 'user', content: asked };
    this.#folds ??=
      this.#tried([user]) !== null && this.#tried([system, user])?.toLowerCase().includes(ruled) !== true;
    return this.#folds;
  }

  #folded(messages: readonly Message[]): readonly Message[] {
    const [system, first, ...rest] = messages;
    if (system?.role !== 'system' || !this.#foldsSystem) return messages;
    if (first?.role !== 'user') return [{ role: 'user', content: system.content }, ...messages.slice(1)];
    return [{ role: 'user', content: `${system.content}\n\n${first.content}` }, ...rest];
  }

  /** The messages with the word that switches thinking, for a template that has no switch but knows the word. */
  #heard(messages: readonly Message[], thinking: ThinkingMode = 'auto'): readonly Message[] {
    if (thinking === 'auto' || !this.#source.includes(words.off)) return messages;
    if (switches.some((name) => new RegExp(`\\{[{%][^%}]*\\b${name}\\b`).test(this.#source))) return messages;
    const last = messages.findLastIndex(({ role }) => role === 'user');
    return messages.map((message, i) =>
      i === last ? { ...message, content: `${message.content} ${words[thinking]}` } : message,
    );
  }

  #fault(cause: unknown): unknown {
    if (!(cause instanceof TemplateError)) return cause;
    const model = this.#model;
    const reason = cause.message.replace(/[.\s]+$/, '');
    const plain = 'Use it with plain prompts, or choose another chat model.';
    switch (cause.fault) {
      case 'refused':
        return new ModelError(
          `The chat template refused the messages: ${reason}.`,
          'Some models allow no system message, or want user and assistant in turn.',
          { cause },
        );
      case 'budget':
        return new ModelError(`The chat template of ${model} was stopped: ${reason}.`, plain, { cause });
      case 'syntax':
        return new ModelError(`The chat template of ${model} cannot be read: ${reason}.`, plain, { cause });
      case 'runtime':
        return new ModelError(`The chat template of ${model} failed on these messages: ${reason}.`, plain, {
          cause,
        });
      default:
        return cause.fault satisfies never;
    }
  }
}
