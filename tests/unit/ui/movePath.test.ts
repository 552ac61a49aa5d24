import { expect, it } from 'vitest';
import { movePath } from '../../../src/ui/movePath';

it('moves absolute points to the right and leaves heights and relative parts', () => {
  expect(movePath('M8 .8L15.2 8V3H2.5l1-.5z', 10)).toBe('M18 0.8L25.2 8V3H12.5l1-.5z');
  expect(movePath('M3 6h9.5L9.7 3.2M13 10H3.5', 0)).toBe('M3 6h9.5L9.7 3.2M13 10H3.5');
});
