import { Ajv2020 } from 'ajv/dist/2020.js';
import type { JsonObject } from '../domain/event.ts';
import type { Schema } from '../domain/mcp-contract/contract.ts';

/** What became of arguments before a schema. `undecided`: the schema cannot be read here, or says too much about names to be tried. */
export type Replayed =
  | { readonly fits: 'yes' }
  | { readonly fits: 'no'; readonly at: readonly { readonly path: string; readonly rule: string }[] }
  | { readonly fits: 'undecided' };

/** Patterns are a stranger's: run against long texts they can take for ever, so none is; that one changed is said by the comparison. */
const withoutPatterns = Object.assign(() => ({ test: () => true }), { code: '' });

/** Tries arguments of recorded calls against an input schema. Only where and by which rule they fail is told, never a value. */
export function replayer(schema: Schema): (input: JsonObject) => Replayed {
  if (typeof schema === 'object' && JSON.stringify(schema).includes('"patternProperties"')) return () => ({ fits: 'undecided' });
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    validateFormats: false,
    validateSchema: false,
    logger: false,
    code: { regExp: withoutPatterns as never },
  });
  try {
    const { $schema: _, ...plain } = typeof schema === 'object' ? schema : {};
    const validate = ajv.compile(typeof schema === 'object' ? plain : schema);
    return (input) => {
      if (validate(input)) return { fits: 'yes' };
      return {
        fits: 'no',
        at: (validate.errors ?? []).slice(0, 5).map(({ instancePath, keyword, params }) => ({
          path: keyword === 'required' ? `${instancePath}/${String(params.missingProperty)}` : instancePath,
          rule: keyword,
        })),
      };
    };
  } catch {
    return () => ({ fits: 'undecided' });
  }
}
