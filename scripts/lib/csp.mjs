/**
 * The page's Content-Security-Policy, one text for the built index.html and for the server's header.
 *
 * - 'wasm-unsafe-eval': the CPU backend, web-llm and onnxruntime-web compile WebAssembly. No 'unsafe-eval', no inline code.
 * - connect-src: besides this origin, any https or http host. The user names an endpoint (Ollama or vLLM in the local
 *   network speak plain http) or a model on a hub whose files redirect to hosts that nobody knows beforehand; a page whose
 *   code all comes from its own origin contacts no one else by itself, and the tests hold it to that.
 * - img-src data: is the progress drawn into the tab's icon.
 */
const directives = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self' https: http:",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
];

/** For a <meta> tag, which may not name frame-ancestors. */
export const metaPolicy = directives.join('; ');

/** For the header. */
export const headerPolicy = [...directives, "frame-ancestors 'none'"].join('; ');
