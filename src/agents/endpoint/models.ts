/** The models that an OpenAI-compatible server lists. */
import * as v from 'valibot';
import { AgentError } from '../../core/errors';
import { responseJson } from '../../core/json';
import { endpointAddress } from '../../specs/endpoint';

const listSchema = v.looseObject({ data: v.array(v.looseObject({ id: v.string() })) });
const patience = 15_000;

/** Throws ConfigError for what is no address, AgentError when nobody answers, the key is refused or there is no list. */
export async function endpointModels(address: string, key: string | null): Promise<readonly string[]> {
  const url = endpointAddress(address);
  let response: Response;
  try {
    response = await fetch(`${url}/models`, {
      headers: key === null ? {} : { Authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(patience),
    });
  } catch (cause) {
    throw new AgentError(
      `${url} did not answer.`,
      'Check that the server runs and allows requests from this page (CORS).',
      { cause },
    );
  }
  const { status } = response;
  if (status === 401 || status === 403) {
    throw new AgentError(`${url} wants a key (it answered ${status}).`, 'Give the key of this server.');
  }
  if (!response.ok) {
    throw new AgentError(
      `${url} has no list of models (it answered ${status}).`,
      'Check the address: it mostly ends with /v1.',
    );
  }
  const list = v.safeParse(listSchema, await responseJson(response));
  if (!list.success) {
    throw new AgentError(
      `${url} answers, but not with a list of models.`,
      'Check the address: it mostly ends with /v1.',
    );
  }
  return list.output.data.map(({ id }) => id).sort();
}
