/**
 * Threads need a cross-origin isolated page, and hosts such as GitHub Pages send none of the headers for it: the service
 * worker adds them to what it answers. `require-corp`, because Safari knows no `credentialless`.
 */
const isolation: Readonly<Record<string, string>> = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  // The app may stand in a frame of a page that asks for it.
  'Cross-Origin-Resource-Policy': 'cross-origin',
};

/** The answer with these headers; errors, redirects and what other origins sent as they are. */
export function isolated(response: Response): Response {
  const own = response.type === 'basic' || response.type === 'default';
  if (!own || response.status === 0) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(isolation)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
