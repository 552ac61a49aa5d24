/** Words that no text of the page, of a setting, of a report or of an error holds, each with what stands there instead. */
export interface Rejected {
  readonly word: RegExp;
  readonly instead: string;
}

const terms: readonly Rejected[] = [
  { word: /\bgain kept\b/i, instead: 'performance gap recovered (PGR)' },
  { word: /\bdetectable\b(?! effect)/i, instead: 'minimum detectable effect' },
  { word: /\bown samples\b/i, instead: 'on-policy samples' },
  { word: /\boffenders?\b/i, instead: 'reward-hacking examples' },
  { word: /\b(rephrased|reworded|robust|distracted|idle sentence)\b/i, instead: 'perturbed, distractor' },
  { word: /\bunlike training\b/i, instead: 'out of distribution' },
  { word: /\bprobes?\b/i, instead: 'eval samples; benchmark for a device' },
  { word: /\b(stage mode|the stage)\b/i, instead: 'presentation mode' },
  { word: /\bbin\b/i, instead: 'trash' },
  { word: /\bexchanges?\b/i, instead: 'round' },
  { word: /\b(test (my|the) gpu|proofs?)\b/i, instead: 'kernel validation' },
  { word: /\bforms? (has|have) run\b|\bexact forms\b/i, instead: 'variant (of a kernel)' },
  { word: /\b(speaks?|speaking|spoke|spoken)\b/i, instead: 'answer, reply' },
  { word: /\b(go|goes|going|went) on\b(?! the)|\bunpause\b/i, instead: 'resume; continue; in progress' },
  { word: /\b(take|takes|taken) (it |them |all |the \w+ )?back\b/i, instead: 'restore' },
  { word: /\btake out\b/i, instead: 'remove' },
  { word: /\btells\b|\bthese tell\b|\btold\b(?! apart)/i, instead: 'shows, reports, says' },
  { word: /\blies\b/i, instead: 'is' },
  { word: /\banew\b/i, instead: 'again' },
  { word: /\blearnt\b/i, instead: 'trained on; learned' },
  { word: /\bby heart\b/i, instead: 'memorise' },
  { word: /\bdice\b/i, instead: 'seeds' },
  { word: /\bhow loud\b/i, instead: 'how strongly' },
  {
    word: /\b(crew|cast|runHistory|lane|shifts|breathe)\b/i,
    instead: 'agent pool, run history, worker queue',
  },
  { word: /\bmachinery\b/i, instead: 'for testing only' },
  { word: /\bpaid for\b/i, instead: 'reused' },
  { word: /\bhash(es)? right\b/i, instead: 'match their hashes' },
  { word: /\bwhat (it|was) made\b/i, instead: 'everything so far' },
  { word: /\b1 files\b/i, instead: 'one file' },
  { word: /\b0 (agents|arms|training questions)\b/i, instead: 'no agents' },
  { word: /\bcannot be held\b/i, instead: 'needs at least 1' },
];

const spelling: readonly Rejected[] = [
  { word: /\bdistill(s|)\b/i, instead: 'distil' },
  // The tokenizer is named as its file and its library are (tokenizer.json); "tokenize," is a verb of the command line.
  { word: /\btokeniz(?!er|e,)/i, instead: 'tokenise' },
  {
    word: /\b(optimi|normali|summari|memori|initiali|recogni|generali|minimi|maximi|reali|organi|quanti)z/i,
    instead: 'the form with s: optimise, optimiser',
  },
  { word: /\b(colors?|behaviors?|favors?|neighbors?)\b/i, instead: 'colour, behaviour, neighbour' },
  {
    word: /\b(centers?|license|canceled|canceling|labeled|labeling|analyze)\b/i,
    instead: 'centre, licence, labelled',
  },
];

export const rejectedWords: readonly Rejected[] = [...terms, ...spelling];

/** "Stage mode (say: presentation mode)" for each rejected word of a text. */
export const rejectedIn = (text: string): string[] =>
  rejectedWords
    .filter(({ word }) => word.test(text))
    .map(({ word, instead }) => `${word.source} (say: ${instead})`);

/** Words of a private dialect that comments do not use. Names of the code in backquotes are exempt. */
const commentTerms: readonly Rejected[] = [
  { word: /\b(tells|told)\b(?! apart)/i, instead: 'reports, sends, notifies' },
  { word: /\b(speaks?|speaking|spoke|spoken)\b/i, instead: 'generates, answers' },
  { word: /\b(lies|lay|lain)\b/i, instead: 'is' },
  { word: /\banew\b/i, instead: 'again' },
  { word: /\blearnt\b/i, instead: 'trained on; learned' },
  { word: /\b(mends?|mended|mending)\b/i, instead: 'fixes' },
  { word: /\b(go|goes|gone|going|went) on\b/i, instead: 'continues; resumed; in progress' },
  { word: /\b(taken?|takes|gives?|given) back\b/i, instead: 'restores; releases' },
  { word: /\b(the|a|from|into|in) bin\b/i, instead: 'trash' },
  { word: /\bat work\b/i, instead: 'in progress, running' },
  { word: /\b(asked|heard) of\b/i, instead: 'requested from' },
  {
    word: /\b(befell|befalls|bearable|whoever|hither|thither|for ever|meanwhile)\b/i,
    instead: 'plain words',
  },
  { word: /\b(crew|cast|shelf|lane|shifts|dice|offenders?|by heart)\b/i, instead: 'the term of the field' },
  { word: /\bcame to\b|\bcomes? to (?!(the|this|a|an|its)\b)/i, instead: 'results in; the result of' },
];

/** As `rejectedIn`, for a comment. */
export const rejectedInComment = (text: string): string[] =>
  [...commentTerms, ...spelling]
    .filter(({ word }) => word.test(text.replace(/`[^`]*`/g, '')))
    .map(({ word, instead }) => `${word.source} (say: ${instead})`);
