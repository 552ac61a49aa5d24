/** A file that WebLLM may have cached under its address, else fetched; null when neither works. */
export async function readCachedText(url: string, signal?: AbortSignal): Promise<string | null> {
  try {
    const kept = await globalThis.caches?.match(url);
    if (kept) return await kept.text();
    const response = await fetch(url, signal ? { signal } : {});
    return response.ok ? await response.text() : null;
  } catch {
    return null;
  }
}
