import { MongoServerError, MongoServerSelectionError } from 'mongodb';
import { expect, test } from 'vitest';
import { whyOut } from '../../../src/adapters/mongo/outage.ts';

const coded = (message: string, code: string): Error => Object.assign(new Error(message), { code });

test('whatever says that nobody answered is one sentence with the address and what to do', () => {
  const gone = [
    new MongoServerSelectionError('read ECONNRESET', { servers: new Map() } as never),
    new MongoServerError({ message: 'shutting down', code: 11_600 }),
    coded('This socket has been ended by the other party', 'EPIPE'),
    coded('read ECONNRESET', 'ECONNRESET'),
  ];
  for (const error of gone) expect(whyOut(error, 'db:27017')).toMatch(/^The database at db:27017 does not answer \(.+\): .*repeat\.$/);
});

test('an error about something else is not taken for an outage', () => {
  for (const error of [new Error('no'), new MongoServerError({ message: 'duplicate', code: 11_000 }), coded('no such file', 'ENOENT'), 'no'])
    expect(whyOut(error, 'db:27017')).toBeUndefined();
});
