/**
 * Texts that mention what the student will not see: other agents, their answers, an earlier turn. Conservative: a word that may
 * well belong to the problem ("other", an "agent" who sells houses, "the other solution of the equation") is no mention, and
 * neither is one that the question itself holds.
 */
import { splitSteps } from '../tasks/stepChecker';

const said = String.raw`(?:answers?|solutions?|responses?|repl(?:y|ies)|reasoning|advice|approach(?:es)?|opinions?)`;
const number = String.raw`\(?\s*(?:#|no\.?\s*)?\d{1,2}\b`;

const forms: readonly RegExp[] = [
  /<\/?peers?\b[^>]*>?/gi,
  // "the other agents", "One agent's solution", "most of the agents agree".
  /\b(?:other|another|fellow|peer|previous|one|all|both|some|most|many|several|two|three|four)\s+(?:of\s+the\s+)?(?:other\s+)?agents?\b/gi,
  /\b(?:the\s+)?agents?['\u2019]?s?['\u2019]?\s+(?:agree|agreed|said?|says|claims?|claimed|suggests?|suggested|think|thinks|thought|answered|responded|concluded?)\b/gi,
  new RegExp(String.raw`\bagents?(?:['\u2019]s|s['\u2019])\s+${said}\b`, 'gi'),
  new RegExp(String.raw`\b[Aa]gents?\s+(?:${number}|[A-J]\b(?!['\u2019]))`, 'g'),
  // "my peers", "peer 2", "the peers' answers".
  /\b(?:my|our|other|these|those)\s+peers?\b/gi,
  new RegExp(String.raw`\bpeers?(?:['\u2019]s|s['\u2019])?\s+(?:${number}|${said}\b)`, 'gi'),
  /(?<!\b(?:her|his|their|its)\s)\bpeers?\s+(?:agree|say|said|claim|suggest|answer|answered|responded|got|found|think|thought|argue|argued|conclude|concluded)s?\b/gi,
  // "as the others say", "the others' answers", "others have answered".
  /\bas\s+(?:the\s+)?others?\s+(?:have\s+)?(?:say|said|state|stated|found|note|noted|point|pointed|suggest|suggested|show|shown|showed|did|do)\b/gi,
  new RegExp(String.raw`\b(?:the\s+)?others['\u2019]\s+${said}\b`, 'gi'),
  /\bothers\s+(?:have\s+)?(?:answered|responded|replied|concluded|argued|agree\s+with\s+me)\b/gi,
  // What was said before: many answers of somebody, or an own one of an earlier turn.
  /\b(?:the|these|those|all|both)\s+(?:previous|prior|preceding|provided|above)\s+(?:answers|solutions|responses|replies|opinions)\b/gi,
  /\b(?:the|this|that)\s+(?:previous|prior|preceding)\s+(?:response|reply|turn|round)\b/gi,
  /\b(?:the\s+)?other\s+(?:responses|replies|opinions|participants|debaters)\b/gi,
  new RegExp(
    String.raw`\bmy\s+(?:own\s+)?(?:previous|prior|earlier|first|initial|original|last)\s+${said}\b`,
    'gi',
  ),
  /\badditional\s+advice\b/gi,
  /\b(?:looking\s+at|look\s+at|considering|reviewing|comparing|reading|checking|based\s+on)\s+(?:all\s+(?:of\s+)?)?(?:the|these|those)\s+(?:other|different|various|given|provided)?\s*(?:solutions|answers|responses|replies|approaches)\b/gi,
  // Who is agreed with.
  /\b(?:agree|disagree|agreeing|side)\s+with\s+(?:the\s+)?(?:others?|majority|consensus|peers?|agents?|rest|them|both)\b/gi,
  new RegExp(
    String.raw`\b(?:according\s+to|agree\s+with|disagree\s+with|as\s+in|unlike)\s+(?:solution|response|answer|agent|peer)\s+${number}`,
    'gi',
  ),
  /\b(?:the\s+)?majority\s+(?:answer|vote|opinion|of\s+(?:the\s+)?(?:answers|solutions|agents|responses))\b/gi,
  /\b(?:in|during|from|of)\s+(?:the|this|our)\s+debate\b/gi,
];

/** A word of every form: most texts have none, and are read no further. */
const hint =
  /peer|agent|others|solutions|answers|responses|replies|previous|prior|preceding|provided|above|other|earlier|first|initial|original|last|advice|agree|disagree|side|according|unlike|as\s+in|majority|debate/i;

/** What of a text mentions peers or an earlier turn, as written; empty for none. */
export function peerMentions(text: string, question = ''): readonly string[] {
  if (!hint.test(text)) return [];
  const asked = question.toLowerCase();
  return forms.flatMap((form) =>
    [...text.matchAll(form)]
      .map(([found]) => found.trim())
      .filter((found) => !asked.includes(found.toLowerCase())),
  );
}

/** The text without the sentences and lines that mention peers. */
export function withoutPeerMentions(text: string, question = ''): string {
  let rest = text;
  for (const { start, end, text: step } of splitSteps(text).reverse()) {
    if (peerMentions(step, question).length === 0) continue;
    rest = rest.slice(0, start) + rest.slice(end);
  }
  return rest
    .replace(/[ \t]{2,}/g, ' ')
    .replace(/ *\n */g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
