/** Question files of the user's own: kept, found again, and checked against the chosen models. */
import type { Handlers } from '../rpc/rpc';
import type { QuestionsProtocol } from '../wire/questions';
import { parseConfig } from '../settings/config';
import type { JobStore } from '../store/jobStore';
import { readQuestionFile } from '../tasks/readQuestionFile';
import { keepQuestions, keptQuestions } from '../library/keptQuestions';
import { checkQuestions, Readers } from './checkQuestions';

/** Questions that the page is handed at once: it takes some milliseconds to unpack them. */
const atOnce = 2000;

/** `base` is the app's address, ending with a slash. */
export function questionsHandlers(store: JobStore, base: string): Handlers<QuestionsProtocol> {
  const readers = new Readers();
  return {
    readQuestions: ({ bytes, name, choice }, { progress }) => {
      const { questions, ...rest } = readQuestionFile(bytes, name, choice);
      for (let at = 0; at < questions.length; at += atOnce) progress(questions.slice(at, at + atOnce));
      return Promise.resolve(rest);
    },
    keepQuestions: (file) => keepQuestions(store, file),
    keptQuestions: ({ name, hash }) => keptQuestions(store, name, hash),
    checkQuestions: async ({ config, questions }) =>
      checkQuestions(questions, await readers.of(parseConfig(config), base)),
  };
}
