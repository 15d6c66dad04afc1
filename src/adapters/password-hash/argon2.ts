import { randomBytes } from 'node:crypto';
import { type Algorithm, hash, verify } from '@node-rs/argon2';
import { HashingBusy, type PasswordHashes } from './port.ts';

/** Argon2id with 19 MiB, two passes, one lane: what OWASP's Password Storage Cheat Sheet asks for at least. */
const cost = { algorithm: 2 as Algorithm.Argon2id, memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };
/** Threads of the process that other work needs too. */
const AT_ONCE = 2;
const MOST_WAITING = 100;

export function createArgon2(): PasswordHashes {
  const inTurn = createTurns(AT_ONCE, MOST_WAITING);
  // Of a password that nobody knows.
  const nobodys = hash(randomBytes(32).toString('base64'), cost);
  nobodys.catch(() => undefined);
  return {
    hash: (password) => inTurn(() => hash(password.normalize('NFKC'), cost)),
    verify: (known, password) =>
      inTurn(async () => {
        const right = await verify(known ?? (await nobodys), password.normalize('NFKC')).catch(() => false);
        return known !== undefined && right;
      }),
  };
}

function createTurns(atOnce: number, most: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= atOnce) {
      if (waiting.length >= most) throw new HashingBusy('Too many people log in at the same time: try again in a moment.');
      await new Promise<void>((go) => waiting.push(go));
    } else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
