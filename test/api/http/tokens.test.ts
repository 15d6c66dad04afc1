import { expect, test } from 'vitest';
import { createTokens } from '../../../src/api/http/identity/tokens.ts';
import { PersonId } from '../../../src/domain/ids.ts';

const secret = Buffer.alloc(32, 1);
const ada = { id: PersonId.parse('person_ada'), kind: 'person', roles: ['member'] } as const;

test('a token that has been found right before is still refused from the second of its expiry on', async () => {
  let now = new Date('2026-01-01T00:00:00.000Z');
  const tokens = createTokens({ secret, issuer: 'here', now: () => now });
  const { token } = await tokens.access(ada, { seconds: 60 });
  expect((await tokens.verify(token))?.principal.id).toBe(ada.id);
  now = new Date('2026-01-01T00:00:59.999Z');
  expect((await tokens.verify(token))?.principal.id).toBe(ada.id);
  now = new Date('2026-01-01T00:01:00.000Z');
  expect(await tokens.verify(token)).toBeUndefined();
  expect(await tokens.verify(token)).toBeUndefined();
});

test('a token that has been found right here is still unknown under another secret, and altered it is refused', async () => {
  const tokens = createTokens({ secret, issuer: 'here' });
  const { token } = await tokens.access(ada);
  expect(await tokens.verify(token)).toBeDefined();
  expect(await createTokens({ secret: Buffer.alloc(32, 2), issuer: 'here' }).verify(token)).toBeUndefined();
  const [head, body, signature = ''] = token.split('.');
  const altered = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
  expect(await tokens.verify([head, body, altered].join('.'))).toBeUndefined();
});
