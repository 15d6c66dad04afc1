import { z } from 'zod';
import { calculate } from '../../domain/calculator.ts';
import { ToolFailed } from '../tools.ts';
import { type BuiltInTool, given, object } from './tool.ts';

const Input = z.object({ expression: z.string() });

export const calculator: BuiltInTool = {
  name: 'calculator',
  description:
    'Calculates exactly: + - * / % ^, parentheses, sqrt, abs, round(x, places), floor, ceil, min, max, log(x, base), ln, exp, sin, cos, tan (radians), pi, e. `exact` says whether the result was rounded.',
  parameters: object({ expression: { type: 'string', description: 'For example (2^10 - 1) / 3' } }, ['expression']),
  usual: 'allow',
  execute: async (input) => {
    const calculated = calculate(given(Input, input).expression);
    if (!calculated.ok) throw new ToolFailed(calculated.message);
    const { result, exact } = calculated;
    return { result, exact };
  },
};
