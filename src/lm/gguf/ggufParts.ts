/** Names of a GGUF that was split into files: NAME-00001-of-00003.gguf, as llama.cpp's gguf-split writes them. */

const form = /^(.*)-(\d{5})-of-(\d{5})(\.gguf)$/i;

/** All files of the set that a part belongs to, the first one first; null for a file that is no part. */
export function ggufParts(file: string): readonly string[] | null {
  const [, stem, number, count, ending] = form.exec(file) ?? [];
  const total = Number(count);
  if (
    stem === undefined ||
    !(total > 0 && total <= 10_000) ||
    !(Number(number) >= 1 && Number(number) <= total)
  )
    return null;
  return Array.from(
    { length: total },
    (_, i) => `${stem}-${String(i + 1).padStart(5, '0')}-of-${count}${ending}`,
  );
}
