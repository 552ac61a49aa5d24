/** Question files of the user's own: kept, found again, and checked against the chosen models. */
import type { Handlers } from '../rpc/rpc';
import type { QuestionsProtocol } from '../wire/questions';
import { parseConfig } from '../settings/config';
import type { JobStore } from '../store/jobStore';
import { keepQuestions, keptQuestions } from '../library/keptQuestions';
import { checkQuestions, Readers } from './checkQuestions';

/** `base` is the app's address, ending with a slash. */
export function questionsHandlers(store: JobStore, base: string): Handlers<QuestionsProtocol> {
  const readers = new Readers();
  return {
    keepQuestions: (file) => keepQuestions(store, file),
    keptQuestions: ({ name, hash }) => keptQuestions(store, name, hash),
    checkQuestions: async ({ config, questions }) =>
      checkQuestions(questions, await readers.of(parseConfig(config), base)),
  };
}
