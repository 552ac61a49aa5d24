import { describe, expect, it } from 'vitest';
import { isThisMachine, NetworkCut } from '../../../src/offline/networkCut';

describe('the network cut of a rehearsal', () => {
  it('counts what it answers and refuses, and names each address once', () => {
    const cut = new NetworkCut(() => 0);
    expect(cut.on).toBe(false);
    expect(cut.keep('a')).toEqual({ begun: true, answered: 0, requests: 0, refused: [] });
    expect(cut.on).toBe(true);
    cut.answered();
    for (const name of ['x', 'y', 'x']) cut.refuse(`https://host/${name}`);
    expect(cut.keep('a')).toEqual({
      begun: false,
      answered: 1,
      requests: 3,
      refused: ['https://host/x', 'https://host/y'],
    });
    expect(cut.end('a')).toMatchObject({ begun: false, requests: 3 });
    expect(cut.on).toBe(false);
  });

  it('ends by itself when its page falls silent, and says at the next word that it had ended', () => {
    let now = 0;
    const cut = new NetworkCut(() => now);
    cut.keep('a');
    cut.refuse('https://host/x');
    now = 149_000;
    expect(cut.keep('a').begun).toBe(false);
    now += 151_000;
    expect(cut.on).toBe(false);
    expect(cut.end('a')).toEqual({ begun: true, answered: 0, requests: 0, refused: [] });
  });

  it('does not take another page’s cut for its own', () => {
    const cut = new NetworkCut(() => 0);
    cut.keep('a');
    expect(cut.keep('b').begun).toBe(true);
  });

  it.each([
    ['http://localhost:11434/v1', true],
    ['http://127.0.0.1:8080/', true],
    ['http://[::1]:8080/', true],
    ['http://127.0.0.1.example.com/', false],
    ['http://192.168.0.2/', false],
    ['https://huggingface.co/', false],
  ])('%s is this machine: %s', (address, here) => {
    expect(isThisMachine(address)).toBe(here);
  });
});
