import type { PersonId } from '../../domain/ids.ts';
import type { PromptSource } from '../../projections/prompt-source.ts';
import { callPromptTool, promptTools } from '../../projections/prompt-tools.ts';
import { ToolFailed } from '../tools.ts';
import type { BuiltInTool } from './tool.ts';

/** The person's prompts, as Annals' own MCP server shows them to other programs. */
export const createPromptTools = (promptsOf: (person: PersonId) => PromptSource): readonly BuiltInTool[] =>
  promptTools.map(({ name, description, inputSchema }) => ({
    name,
    description,
    parameters: inputSchema,
    usual: 'allow',
    execute: async (input, { person }) => {
      const answer = await callPromptTool(promptsOf(person), name, input);
      if (!answer.ok) throw new ToolFailed(answer.message);
      return answer.value;
    },
  }));
