import { expect, test } from 'vitest';
import { isUnderWay } from './api';

test('a sign-in whose consent is being exchanged is not over', () => {
  const under = ['pending', 'working', 'completed', 'failed', 'expired', 'cancelled'].filter((status) =>
    isUnderWay({ status }),
  );
  expect(under).toEqual(['pending', 'working']);
});
