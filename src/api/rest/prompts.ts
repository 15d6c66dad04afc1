import { z } from 'zod';
import * as commands from '../../commands/prompt.ts';
import { PromptArgument, PromptContent, PromptId, PromptMessage, PromptName, PromptValues, PromptVersion } from '../../domain/prompt/index.ts';
import * as queries from '../../projections/queries/prompts.ts';
import { json } from '../http/answer.ts';
import { asks, queryErrors } from '../http/asks.ts';
import { needed } from '../http/outcome.ts';
import { HttpError } from '../http/problem.ts';
import type { RouteRequest } from '../http/request.ts';
import { type RouteDefinition, route, routes } from '../http/route.ts';
import { tells } from '../http/tells.ts';
import { Done } from './schemas.ts';

const tags = ['Prompts'];
const Time = z.string().meta({ format: 'date-time' });
const next = { next: z.string().optional().describe('The cursor of the next page; absent on the last one.') };

const prompt = {
  id: z.string(),
  name: PromptName,
  source: z.enum(['own', 'shared', 'system']),
  version: z.int().nullable().describe('The one that is used; null: one of the system’s, which have none.'),
  shadowed: z.boolean().describe('Its name leads to another one: one’s own comes before a shared one, that before the system’s.'),
  title: z.string(),
  description: z.string(),
  arguments: z.array(PromptArgument),
  visibility: z.enum(['private', 'everyone']).nullable(),
  archived: z.boolean(),
  latest: z.int().nullable(),
  pinned: z.int().nullable(),
  uses: z.int().nullable().describe('This and what follows is told to its owner alone.'),
  lastUsedAt: Time.nullable(),
  createdAt: Time.nullable(),
  updatedAt: Time.nullable(),
};
const Prompt = z.object({ ...prompt, messages: z.array(PromptMessage) });
const PromptPage = z.object({ prompts: z.array(z.object(prompt)), ...next });
const Versions = z.object({
  versions: z.array(z.object({ version: z.int(), rolledBackTo: z.int().nullable(), actor: z.string(), createdAt: Time })),
  ...next,
});
const Comparison = z.object({
  promptId: z.string(),
  from: z.int(),
  to: z.int(),
  lines: z.array(z.object({ change: z.enum(['same', 'added', 'removed']), line: z.string() })),
});
const NewVersion = z.object({ version: z.int().nullable().describe('Null: nothing had to be changed.') });
const Expanded = z.object({
  promptId: z.string(),
  name: PromptName,
  source: z.enum(['own', 'shared', 'system']),
  version: z.int().nullable(),
  title: z.string(),
  description: z.string(),
  messages: z.array(PromptMessage),
});
const Values = z.object({ values: z.array(z.string()), total: z.int() });
const values = z.object({ arguments: PromptValues.default({}), version: PromptVersion.optional() });

/** The values filled in, or which are missing. */
async function expanded(request: RouteRequest, input: Parameters<typeof queries.expandPrompt>[0]) {
  const { missing, ...rest } = needed(await request.ask(queries.expandPrompt(input)));
  if (missing.length === 0) return json(200, rest);
  throw new HttpError('PromptArgumentsMissing', `This prompt needs ${missing.join(' and ')}.`, { missing: [...missing] });
}

const expandErrors = { ...queryErrors, 422: { description: 'A required argument is missing.' } };

const tryOne = route({
  method: 'POST',
  path: '/api/prompts/{promptId}/expand',
  summary: 'What a prompt says with these arguments; of one’s own in any version',
  tags,
  params: z.object({ promptId: PromptId }),
  body: values,
  responses: { 200: { description: 'The messages.', schema: Expanded }, ...expandErrors },
  handle: (request) => expanded(request, { ...request.params, ...request.body }),
});
const expandNamed = route({
  method: 'POST',
  path: '/api/prompts/expand',
  summary: 'What the prompt that this name leads to says with these arguments',
  tags,
  body: z.object({ name: PromptName, arguments: PromptValues.default({}) }),
  responses: { 200: { description: 'The messages.', schema: Expanded }, ...expandErrors },
  handle: (request) => expanded(request, request.body),
});
const complete = route({
  method: 'POST',
  path: '/api/prompts/complete',
  summary: 'Values of an argument that go on from what has been typed',
  tags,
  body: z.object({ name: PromptName, argument: z.string().max(64), value: z.string().max(1000).default('') }),
  responses: { 200: { description: 'A hundred at most, and how many there are.', schema: Values }, ...queryErrors },
  handle: async (request) => json(200, needed(await request.ask(queries.completePromptArgument(request.body)))),
});

export const promptRoutes: readonly RouteDefinition[] = [
  expandNamed,
  complete,
  ...routes({
    'GET /api/prompts': asks(queries.listPrompts, {
      summary: 'The prompts one can use: one’s own, those shown to everybody, the system’s; by name',
      tags,
      result: PromptPage,
    }),
    'POST /api/prompts': tells(commands.createPrompt, {
      summary: 'Make a prompt',
      description:
        '`{{argument}}` in its texts stands for a value; nothing is ever evaluated. In a chat it is called as `/name argument=value …`; over MCP it is served at `/mcp`.',
      tags,
      status: 201,
      result: z.object({ promptId: PromptId }),
      location: ({ promptId }) => `/api/prompts/${promptId}`,
      rename: { name: 'promptName' },
    }),
    'GET /api/prompts/{promptId}': asks(queries.getPrompt, { summary: 'One prompt with what it says now', tags, result: Prompt }),
    'PUT /api/prompts/{promptId}': tells(commands.revisePrompt, { summary: 'Change it: a new version', tags, result: NewVersion }),
    'DELETE /api/prompts/{promptId}': tells(commands.deletePrompt, {
      summary: 'Delete it for good: the key under which it was encrypted is destroyed',
      tags,
      result: Done,
    }),
    'PUT /api/prompts/{promptId}/name': tells(commands.renamePrompt, {
      summary: 'Give it another name',
      tags,
      result: Done,
      rename: { name: 'promptName' },
    }),
    'POST /api/prompts/{promptId}/archive': tells(commands.archivePrompt, { summary: 'Put it away: it can be called no more', tags, result: Done }),
    'POST /api/prompts/{promptId}/unarchive': tells(commands.unarchivePrompt, { summary: 'Take it out again', tags, result: Done }),
    'PUT /api/prompts/{promptId}/pin': tells(commands.pinPrompt, {
      summary: 'Use this version whatever comes later, or with null the newest one again',
      tags,
      result: Done,
    }),
    'POST /api/prompts/{promptId}/rollback': tells(commands.rollBackPrompt, {
      summary: 'Say again what an old version said, as a new version',
      tags,
      result: NewVersion,
    }),
    'PUT /api/prompts/{promptId}/visibility': tells(commands.setPromptVisibility, {
      summary: 'Show one of one’s own prompts to everybody, or to nobody else again',
      tags,
      result: Done,
    }),
    'GET /api/prompts/{promptId}/versions': asks(queries.listPromptVersions, { summary: 'Its versions, the newest first', tags, result: Versions }),
    'GET /api/prompts/{promptId}/versions/{version}': asks(queries.getPromptVersion, {
      summary: 'What a version says',
      tags,
      result: z.object({ promptId: z.string(), version: z.int(), content: PromptContent }),
    }),
    'GET /api/prompts/{promptId}/diff': asks(queries.comparePromptVersions, {
      summary: 'What changed from one version to another, line by line',
      tags,
      result: Comparison,
    }),
  }),
  tryOne,
];
