/** Settings, as the address holds them, of a job whose debate takes seconds. */
export const few =
  '#preset=quick&backend=cpu&train-questions=16&validation-questions=4&test-questions=12&batch=4&max-tokens=48';
/** Its training takes seconds as well. */
export const tiny = `${few}&steps=4`;
