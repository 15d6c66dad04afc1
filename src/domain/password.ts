/** In characters, as a reader counts them. */
export const SHORTEST_PASSWORD = 12;
export const LONGEST_PASSWORD = 256;

/** What is wrong with a password for the person with this address, as a sentence; undefined when nothing is. */
export function passwordProblem(password: string, email: string): string | undefined {
  const { length } = [...password.normalize('NFKC')];
  if (length < SHORTEST_PASSWORD) return `A password needs at least ${SHORTEST_PASSWORD} characters: a few words that go together badly are good.`;
  if (length > LONGEST_PASSWORD) return `A password may have at most ${LONGEST_PASSWORD} characters.`;
  const [typed, address] = [password.normalize('NFKC').trim().toLowerCase(), email.trim().toLowerCase()];
  const isOwn = typed === '' || (address !== '' && (typed.includes(address) || address.includes(typed)));
  return isOwn ? 'A password must not be one’s own e-mail address, or a part of it.' : undefined;
}
