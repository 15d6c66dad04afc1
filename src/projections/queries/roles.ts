import { z } from 'zod';
import type { StoredDocument } from '../../adapters/document-store/port.ts';
import { isUnopened } from '../../domain/event.ts';
import { MODEL_ACCESS_STREAM, modelAccess } from '../../domain/model-access.ts';
import { type QueryContext, type QueryPolicy, query } from '../query.ts';
import { people } from '../views/people.ts';
import { type RoleDoc, roleList } from '../views/roles.ts';
import { namesOf } from './names.ts';
import { pageFields, pageOptions } from './page.ts';
import { administratorsOnly } from './policy.ts';

const named: QueryPolicy<unknown> = ({ principal }) =>
  principal.kind === 'anonymous' ? { code: 'Forbidden', message: 'Log in first: an anonymous visitor cannot see this.' } : 'allow';

const Said = z.object({ name: z.string().optional(), description: z.string().optional() });

async function shown({ id, doc }: StoredDocument<RoleDoc>, { openDeep }: QueryContext) {
  const { name, description } = await openDeep({ name: doc.name, description: doc.description });
  return {
    id,
    name: isUnopened(name) ? name : (Said.parse(name).name ?? ''),
    description: isUnopened(description) ? description : (Said.parse(description).description ?? ''),
    permissions: doc.permissions,
    definedAt: doc.definedAt,
  };
}

/** The roles that administrators have made, the latest first: what each permits is no secret to those who work here. */
export const listRoles = query('listRoles', {
  input: z.object(pageFields(200)),
  policy: named,
  views: [roleList],
  run: async (page, context) => {
    const { documents, next } = await context.views.find(roleList, {}, { sort: [['definedAt', 'desc']], ...pageOptions(page, 100) });
    return { roles: await Promise.all(documents.map((document) => shown(document, context))), ...(next === undefined ? {} : { next }) };
  },
});

/** Which models only some may use, and who. All others everybody may use. */
export const listModelAccess = query('listModelAccess', {
  input: z.object({}),
  policy: administratorsOnly,
  views: [],
  run: async (_input, { events }) => {
    let access = modelAccess.initialState();
    for await (const event of events(MODEL_ACCESS_STREAM)) access = modelAccess.evolve(access, event as never);
    return { models: [...access].map(([model, to]) => ({ model, to: [...to] })) };
  },
});

const FOUND = 10;
const LOOKED_AT = 1000;

/** Persons to share something with, by part of the name or by the whole id. */
export const findPeople = query('findPeople', {
  input: z.object({ search: z.string().trim().min(2).max(255) }),
  policy: named,
  views: [people],
  run: async ({ search }, context) => {
    const wanted = search.toLowerCase();
    const found: { id: string; name: string | null }[] = [];
    if ((await context.views.get(people, search))?.doc.registered) found.push({ id: search, name: null });
    const { documents } = await context.views.find(
      people,
      { registered: true, disabled: false },
      { sort: [['registeredAt', 'desc']], limit: LOOKED_AT },
    );
    for (const { id, doc } of documents) {
      if (found.length >= FOUND) break;
      const { name } = await context.openDeep({ name: doc.profile['name'] ?? null });
      const said = isUnopened(name) ? '' : (Said.safeParse(name ?? {}).data?.name ?? '');
      if (said.toLowerCase().includes(wanted) && found.every((other) => other.id !== id)) found.push({ id, name: said });
    }
    const names = await namesOf(
      context,
      found.map(({ id }) => id),
    );
    return { people: found.map(({ id, name }) => ({ id, name: names.get(id) ?? name })) };
  },
});
