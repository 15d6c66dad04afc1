import type { ToolDefinition } from '../adapters/model-provider/port.ts';
import type { Json } from '../domain/event.ts';

/** A tool that the server runs. */
export interface ServerTool extends ToolDefinition {
  readonly needsApproval: boolean;
  /** May be called again when its outcome is unknown. */
  readonly idempotent: boolean;
  readonly execute: (input: Json, options: { readonly signal: AbortSignal }) => Promise<Json>;
}

/** The demonstration's own tool: it sends nothing anywhere, and asks before it does. */
const postcard: ServerTool = {
  name: 'postcard',
  description: 'Writes a postcard. A demonstration: nothing is sent anywhere, but you are asked first.',
  parameters: {
    type: 'object',
    properties: { to: { type: 'string' }, text: { type: 'string' } },
    required: ['to'],
  },
  needsApproval: true,
  idempotent: true,
  execute: async (input) => ({ written: true, demonstration: true, postcard: input }),
};

/** The server's tools that a model may call. */
export const toolsFor = (model: string): readonly ServerTool[] => (model.startsWith('demo/') ? [postcard] : []);
