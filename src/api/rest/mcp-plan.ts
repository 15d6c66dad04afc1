import { z } from 'zod';
import type { CommandValue } from '../../commands/command.ts';
import { switchMcpServer } from '../../commands/mcp.ts';
import { dismissMcpUpdate, requestMcpUpdate, rollBackMcpRelease } from '../../commands/mcp-releases.ts';
import { McpServerId } from '../../domain/mcp/server.ts';
import { getMcpUpdates } from '../../projections/queries/mcp-updates.ts';
import { json } from '../http/answer.ts';
import { HttpError } from '../http/problem.ts';
import type { RouteRequest } from '../http/request.ts';
import { type RouteDefinition, route } from '../http/route.ts';
import { commandErrors } from '../http/tells.ts';

const serverId = McpServerId;
const to = z.string().min(1).max(100);
/** What a plan has, and what undoes it: `leave` gives up the update, or goes back to what ran before it. */
const Step = z.discriminatedUnion('action', [
  z.object({ serverId, action: z.enum(['enable', 'disable']) }),
  z.object({ serverId, action: z.enum(['update', 'downgrade']), to }),
  z.object({ serverId, action: z.literal('leave'), updateId: z.string().max(128) }),
]);
type Step = z.output<typeof Step>;
const Outcome = z.object({
  serverId: z.string(),
  action: z.string(),
  outcome: z
    .enum(['done', 'begun', 'already', 'refused'])
    .describe('`begun`: a version is installed apart and tried; the updates of the server say what becomes of it.'),
  reason: z.string().optional(),
});
type Done = Omit<z.output<typeof Outcome>, 'serverId' | 'action'> & { readonly undo?: Step };

type Asking = Pick<RouteRequest, 'tell' | 'ask'>;

/** Whoever may change nothing at all is told so; of a single step it is said what was in its way. */
async function told<Result>(request: Asking, command: CommandValue<Result>) {
  const answer = await request.tell(command);
  if (!answer.ok && answer.error.code === 'Forbidden') throw new HttpError(answer.error.code, answer.error.message, answer.error.details);
  return answer;
}
const refused = ({ message }: { message: string }): Done => ({ outcome: 'refused', reason: message });

async function switched(request: Asking, server: string, enabled: boolean): Promise<Done> {
  const answer = await told(request, switchMcpServer({ serverId: server, enabled }));
  if (!answer.ok) return refused(answer.error);
  const undo = { serverId: server, action: enabled ? 'disable' : 'enable' } as const;
  return answer.result.switched ? { outcome: 'done', undo } : { outcome: 'already' };
}

async function taken(request: Asking, server: string, version: string): Promise<Done> {
  const answer = await told(request, requestMcpUpdate({ serverId: server, version, swap: 'compatible' }));
  if (answer.ok) return { outcome: 'begun', undo: { serverId: server, action: 'leave', updateId: answer.result.updateId } };
  const { code, details = {} } = answer.error;
  if (code === 'SameVersion') return { outcome: 'already' };
  if (code === 'UpdateOpen' && details.to === version)
    return { outcome: 'already', undo: { serverId: server, action: 'leave', updateId: String(details.updateId) } };
  return refused(answer.error);
}

async function left(request: Asking, server: string, updateId: string): Promise<Done> {
  const dismissed = await told(request, dismissMcpUpdate({ serverId: server, updateId }));
  if (dismissed.ok) return { outcome: 'done' };
  if (dismissed.error.code !== 'AlreadySwapped' && dismissed.error.code !== 'Superseded') return refused(dismissed.error);
  const known = await request.ask(getMcpUpdates({ serverId: server }));
  const update = known.ok ? known.data.update : null;
  const runs = dismissed.error.code === 'AlreadySwapped' || (update?.updateId === updateId && update.status === 'kept');
  if (!runs) return { outcome: 'already' };
  const back = await told(request, rollBackMcpRelease({ serverId: server }));
  return back.ok ? { outcome: 'done' } : refused(back.error);
}

const taking = (request: Asking, step: Step): Promise<Done> => {
  switch (step.action) {
    case 'enable':
    case 'disable':
      return switched(request, step.serverId, step.action === 'enable');
    case 'update':
    case 'downgrade':
      return taken(request, step.serverId, step.to);
    case 'leave':
      return left(request, step.serverId, step.updateId);
    default:
      return step satisfies never;
  }
};

const apply = route({
  method: 'POST',
  path: '/api/mcp/plan',
  summary: 'Take the steps of a plan, one after the other',
  description:
    'Those of `GET /api/mcp/dependencies`, as they were looked at. Each is a command that could have been told by itself; taken again it changes nothing. An update is installed apart, compared and tried, and taken by itself only if nothing speaks against it. `undo` has the steps that take back what was done; they are taken in the same way.',
  tags: ['Tool servers'],
  body: z.object({ steps: z.array(Step).max(200) }),
  responses: {
    200: { description: 'What became of each.', schema: z.object({ steps: z.array(Outcome), undo: z.array(Step) }) },
    ...commandErrors,
  },
  handle: async (request) => {
    const steps: z.output<typeof Outcome>[] = [];
    const undo: Step[] = [];
    for (const step of request.body.steps) {
      const { undo: back, ...outcome } = await taking(request, step);
      steps.push({ serverId: step.serverId, action: step.action, ...outcome });
      if (back) undo.unshift(back);
    }
    return json(200, { steps, undo });
  },
});

export const mcpPlanRoutes: readonly RouteDefinition[] = [apply];
