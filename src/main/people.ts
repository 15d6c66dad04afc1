import { z } from 'zod';
import type { Settings } from '../settings.ts';
import { callServer } from './address.ts';
import { fail } from './fail.ts';

const Found = z.object({ people: z.array(z.object({ id: z.string(), name: z.string().nullish(), email: z.string().nullish() })) });
const Link = z.object({ link: z.string() });

const post = (settings: Settings, path: string, body: object): Promise<Response> =>
  callServer(settings, path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

/** The id of a person, or the one person that an e-mail address or a name leads to. */
async function idOf(settings: Settings, who: string): Promise<string> {
  if (/^person_[\w-]+$/.test(who)) return who;
  const { people } = Found.parse(await (await callServer(settings, `/api/people?search=${encodeURIComponent(who)}`)).json());
  const exact = people.filter(({ email, name }) => email?.toLowerCase() === who.toLowerCase() || name === who);
  const [one, ...others] = exact.length > 0 ? exact : people;
  if (!one) return fail(`Nobody here is called ${who}: name the person’s id.`);
  if (others.length > 0) return fail(`${others.length + 1} people are called ${who}: name the person’s id.`);
  return one.id;
}

const printLink = async (settings: Settings, response: Response): Promise<void> => {
  const { link } = Link.parse(await response.json());
  const address = settings.ANNALS_PUBLIC_URL?.replace(/\/+$/, '') ?? new URL(response.url).origin;
  process.stdout.write(`${address}${link}\n`);
};

/** Prints the link of a new invitation; with an address it is mailed too, where mails leave. */
export async function invitePerson(
  settings: Settings,
  { email, roles, name, days }: { email: string | undefined; roles: string; name?: string; days: string },
): Promise<void> {
  const about = { ...(email === undefined ? {} : { email }), ...(name === undefined ? {} : { name }) };
  await printLink(settings, await post(settings, '/api/invitations', { roles: roles.split(','), days: Number(days), ...about }));
}

/** Prints a link with which the person sets another password. */
export async function resetPerson(settings: Settings, who: string): Promise<void> {
  await printLink(settings, await post(settings, `/api/people/${await idOf(settings, who)}/password-reset`, {}));
}

/** Shuts a person out, or lets it in again. */
export async function standPerson(settings: Settings, who: string, what: 'disable' | 'enable'): Promise<void> {
  const person = await idOf(settings, who);
  await post(settings, `/api/people/${person}/${what}`, {});
  process.stdout.write(`${person} ${what === 'disable' ? 'is shut out: all its sessions and tokens end within 5 s' : 'may come in again'}\n`);
}
