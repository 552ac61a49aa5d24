/** What the student will not see is found in a trace, and what belongs to a problem is left alone. */
import { describe, expect, it } from 'vitest';
import { peerMentions, withoutPeerMentions } from '../../../src/distil/peerMentions';

describe('a mention of peers', () => {
  it.each([
    'As the other agents say, 4 + 5 = 9.',
    "Another agent's solution uses 12.",
    'I agree with Agent 2 that it is 9.',
    'Agent #3 forgot the eggs.',
    'Agents 1 and 2 add first.',
    'agent 1 is right.',
    'Most of the agents agree on 18.',
    'All agents answered 18.',
    "One agent's solution (1) is wrong.",
    'The agents agree.',
    "The agents' answers differ.",
    '<peer> 4 + 5 = 9. #### 9',
    'My peers found 18.',
    'Peer 2 made a slip.',
    "The peers' solutions are the same.",
    'One peer answered 18.',
    'The peer says 18.',
    'After reviewing all the solutions, I get 18.',
    'Looking at the other answers, the tax is missing.',
    'As others have noted, the tax comes last.',
    'As the others say, it is 18.',
    "The others' answers are wrong.",
    'Looking at the previous answers, I see a slip.',
    'Both previous solutions forget the tax.',
    'The provided solutions all say 18.',
    'The previous response is wrong.',
    'The other responses say 18.',
    'My previous answer was wrong.',
    'I stand by my initial reasoning.',
    'Using them as additional advice, I get 18.',
    'I agree with the majority.',
    'I disagree with the others.',
    'According to solution 2, it is 18.',
    'As in response (1), we add.',
    'The majority answer is 18.',
    'The majority of the solutions say 18.',
    'In the debate we saw that it is 18.',
  ])('is found in: %s', (text) => {
    expect(peerMentions(text)).not.toEqual([]);
  });

  it.each([
    'The other 5 apples cost 2 each.',
    'She gives the others 3 each, and each other child gets one.',
    'Another 4 come, so 4 + 5 = 9.',
    'The other solution of the equation is x = 3.',
    'Both solutions are positive.',
    'The other answers do not fit: B is right.',
    'The agent sells 5 houses.',
    'The travel agents sell 3 tickets each.',
    'The cleaning agent takes 2 hours.',
    'Her peers at school read 3 books.',
    'Her peers found 3 shells.',
    'He peers into the box and sees 4 coins.',
    'Multiply the previous answer by 2.',
    'The previous day they sold 7.',
    'In the first round 8 players leave.',
    'The majority of the students, 15, walk.',
    'His first answer sheet has 20 lines.',
    'We agree on 4 + 5 = 9.',
    'The solution contains 3 % salt; solution A is stronger.',
    '4 + 5 = 9. 9 * 2 = 18. #### 18',
  ])('is not found in: %s', (text) => {
    expect(peerMentions(text)).toEqual([]);
  });

  it('is none where the question itself speaks so', () => {
    const question = 'Agent 7 has 3 gadgets and all agents get 2 more. How many has Agent 7?';
    expect(peerMentions('Agent 7 had 3. As all agents get 2, 3 + 2 = 5. #### 5', question)).toEqual([]);
    expect(peerMentions('Agent 2 says 3 + 2 = 5. #### 5', question)).toEqual(['Agent 2']);
  });
});

describe('removing mentions', () => {
  it('takes out their sentences and leaves the rest as it was', () => {
    const text =
      'The other agents forgot the tax. First, 4 + 5 = 9.\nAgent 2 agrees with me.\n\nThen 9 * 2 = 18.\n#### 18';
    expect(withoutPeerMentions(text)).toBe('First, 4 + 5 = 9.\n\nThen 9 * 2 = 18.\n#### 18');
    expect(withoutPeerMentions('4 + 5 = 9. #### 9')).toBe('4 + 5 = 9. #### 9');
  });
});
