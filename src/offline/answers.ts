/** What the service worker says to the page. */
import type { AppCache } from './appCache';
import type { OfflineAnswers, OfflineRequest } from './messages';
import type { NetworkCut } from './networkCut';

export interface AnswerParts {
  readonly app: AppCache;
  readonly cut: NetworkCut;
  readonly clients: Pick<Clients, 'matchAll'>;
  /** The app's address, ending with a slash. */
  readonly base: string;
}

/** Pages and workers of the app whose requests this service worker does not see. */
async function outside({ clients, base }: AnswerParts): Promise<number> {
  const count = async (options: ClientQueryOptions): Promise<number> =>
    (await clients.matchAll({ type: 'all', ...options })).filter(({ url }) => url.startsWith(base)).length;
  return (await count({ includeUncontrolled: true })) - (await count({}));
}

/** Rejects with DownloadError where something that is to be kept cannot be had. */
export async function answerPage(
  message: Exclude<OfflineRequest, { type: 'activate' }>,
  parts: AnswerParts,
): Promise<OfflineAnswers[keyof OfflineAnswers]> {
  const { app, cut } = parts;
  switch (message.type) {
    case 'state':
      return app.state();
    case 'keep':
      return app.keep();
    case 'cut':
      return { ...cut.keep(message.id), outside: await outside(parts) };
    case 'mend':
      return { ...cut.end(message.id), outside: await outside(parts) };
    default:
      return message satisfies never;
  }
}
