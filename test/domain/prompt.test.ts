import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDemoScript } from '../../src/adapters/model-provider/demo-script.ts';
import * as commands from '../../src/commands/prompt.ts';
import * as happened from '../../src/domain/prompt/index.ts';
import {
  completions,
  diffLines,
  expand,
  missingArguments,
  PromptContent,
  reservedNames,
  shelves,
  slashCall,
  slashValues,
  substitute,
  systemPrompts,
} from '../../src/domain/prompt/index.ts';
import { given } from '../harness/given.ts';

const promptId = 'prompt_new0';
const saying = (text: string, ...names: string[]): PromptContent =>
  PromptContent.parse({ arguments: names.map((name) => ({ name })), messages: [{ role: 'user', content: { type: 'text', text } }] });
const created = happened.PromptCreated({ promptId, tag: 'tag of prompt mine', name: 'mine', content: saying('one') });
const revised = happened.PromptRevised({ promptId, version: 2, content: saying('two') });

describe('a shelf of prompts', () => {
  test('takes a prompt under a name that is free there', () =>
    given(shelves)
      .when(commands.createPrompt({ promptName: 'mine', content: saying('one') }))
      .then([created]));
  test('has no two prompts of one name, be one archived or renamed to it', () => {
    const second = commands.createPrompt({ promptName: 'mine', content: saying('x') });
    given(shelves, [created]).when(second).refused('NameTaken');
    given(shelves, [created, happened.PromptArchived({ promptId })])
      .when(second)
      .refused('NameTaken');
    const other = happened.PromptCreated({ promptId: 'prompt_other', tag: 'tag of prompt other', name: 'other', content: saying('x') });
    given(shelves, [created, other])
      .when(commands.renamePrompt({ promptId: 'prompt_other', promptName: 'mine' }))
      .refused('NameTaken');
    given(shelves, [created, happened.PromptDeleted({ promptId })])
      .when(second)
      .thenTypes('PromptCreated');
    given(shelves, [created, happened.PromptRenamed({ promptId, tag: 'tag of prompt yours', name: 'yours' })])
      .when(second)
      .thenTypes('PromptCreated');
  });
  test('counts every change as a version, going back as well', () => {
    given(shelves, [created])
      .when(commands.revisePrompt({ promptId, content: saying('two') }))
      .then([revised]);
    const back = happened.PromptRolledBack({ promptId, version: 3, content: 1 });
    given(shelves, [created, revised])
      .when(commands.rollBackPrompt({ promptId, version: 1 }))
      .then([back]);
    given(shelves, [created, revised, back])
      .when(commands.rollBackPrompt({ promptId, version: 3 }))
      .then([]);
    given(shelves, [created, revised, back, happened.PromptRevised({ promptId, version: 4, content: saying('four') })])
      .when(commands.rollBackPrompt({ promptId, version: 3 }))
      .then([happened.PromptRolledBack({ promptId, version: 5, content: 1 })]);
  });
  test('knows no versions but its own', () => {
    for (const command of [commands.rollBackPrompt({ promptId, version: 9 }), commands.pinPrompt({ promptId, version: 9 })])
      given(shelves, [created]).when(command).refused('NoSuchVersion');
  });
  test('has nothing of what was deleted, and nothing of others', () => {
    const gone = [created, happened.PromptDeleted({ promptId })];
    for (const command of [commands.archivePrompt({ promptId }), commands.revisePrompt({ promptId, content: saying('x') })])
      for (const history of [[], gone]) given(shelves, history).when(command).refused('NotFound');
  });
  test('leaves the names of the demonstration’s directives to the demonstration', () => {
    for (const name of reservedNames) {
      expect(
        [`/${name}`, `/${name} 1`, `/${name} tool {}`].map((text) => parseDemoScript(text).text),
        name,
      ).toContain('');
      given(shelves)
        .when(commands.createPrompt({ promptName: name, content: saying('x') }))
        .refused('NameReserved');
      expect(slashCall(`/${name} x`)).toBeUndefined();
    }
    for (const { name } of systemPrompts) expect(parseDemoScript(`/${name} 1 {}`)).toMatchObject({ text: `/${name} 1 {}` });
  });
});

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,5}$/);
/** Texts that are full of what could be taken for a placeholder. */
const tricky = fc
  .array(
    fc.oneof(
      fc.constantFrom('{{', '}}', '{{a}}', '{{b}}', '{', '}', '$&', '$1', '$' + '{process.env.X}', '{{constructor}}', '__proto__', ' '),
      fc.string(),
    ),
  )
  .map((parts) => parts.join(''));

describe('filling in arguments', () => {
  test('never looks at a value again, whatever it says', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.string().map((text) => text.replaceAll(/[{}]/g, '')),
            name,
          ),
        ),
        fc.dictionary(name, tricky),
        (pieces, values) => {
          const declared = pieces.map(([, each]) => ({ name: each }));
          const text = pieces.map(([plain, each]) => `${plain}{{${each}}}`).join('');
          const expected = pieces.map(([plain, each]) => plain + (Object.hasOwn(values, each) ? values[each] : '')).join('');
          expect(substitute(text, declared, values)).toBe(expected);
        },
      ),
    );
  });
  test('leaves alone what names no argument of the prompt', () => {
    fc.assert(
      fc.property(tricky, fc.dictionary(name, tricky), (text, values) => {
        expect(substitute(text, [], values)).toBe(text);
      }),
    );
    const text = "{{constructor.constructor('return process')()}} {{env.X}} $" + '{JWT_SECRET} {{__proto__}} {{toString}} {{ a }}';
    expect(substitute(text, [{ name: 'a' }], { a: '{{b}}', b: 'never' })).toBe(text.replace('{{ a }}', '{{b}}'));
  });
  test('reaches texts and addresses, and leaves bytes as they are', () => {
    const content = PromptContent.parse({
      arguments: [{ name: 'x', required: true }],
      messages: [
        { role: 'user', content: { type: 'text', text: 'a {{x}}' } },
        { role: 'assistant', content: { type: 'resource', uri: 'note://{{x}}', text: 'b {{x}}' } },
        { role: 'user', content: { type: 'image', mediaType: 'image/png', data: 'e3t4fX0=' } },
      ],
    });
    expect(missingArguments(content, { x: '' })).toEqual(['x']);
    expect(missingArguments(content, { x: '1' })).toEqual([]);
    expect(expand(content, { x: '1' }).map(({ content: said }) => said)).toEqual([
      { type: 'text', text: 'a 1' },
      { type: 'resource', uri: 'note://1', text: 'b 1' },
      { type: 'image', mediaType: 'image/png', data: 'e3t4fX0=' },
    ]);
  });
});

describe('a message that begins with a slash', () => {
  const declared = [{ name: 'language' }, { name: 'text' }];
  test.each([
    ['language=French Good morning', { language: 'French', text: 'Good morning' }, ''],
    ['language="Old \\"French\\"" text=hi and more', { language: 'Old "French"', text: 'hi' }, 'and more'],
    ['text="x=y"', { text: 'x=y' }, ''],
    ['a=b', { language: 'a=b' }, ''],
    ['language=French language=German', { language: 'French', text: 'language=German' }, ''],
    ['', {}, ''],
    ['language=French two\nlines', { language: 'French', text: 'two\nlines' }, ''],
  ])('%j is read as its arguments', (rest, values, left) => expect(slashValues(rest, declared)).toEqual({ values, left }));
  test.each(['/', '/ x', ' /x', '//x', '/Xy', '/etc/passwd is a file', '/x.y', '/-x'])('%j calls nothing', (text) =>
    expect(slashCall(text)).toBeUndefined(),
  );
  test('names a prompt, and has the rest of it', () => {
    expect(slashCall('/my-prompt_2')).toEqual({ name: 'my-prompt_2', rest: '' });
    expect(slashCall('/x\n two \nlines ')).toEqual({ name: 'x', rest: 'two \nlines' });
  });
  test('says what was typed, whatever stands in quotes', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, two) => {
        const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
        expect(slashValues(`language=${quoted(one)} text=${quoted(two)}`, declared)).toEqual({ values: { language: one, text: two }, left: '' });
      }),
    );
  });
});

test('a comparison leads from one text to the other, and takes out and puts in as little as can be', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 });
  const common = (one: readonly string[], other: readonly string[]): number => {
    if (one.length === 0 || other.length === 0) return 0;
    if (one[0] === other[0]) return 1 + common(one.slice(1), other.slice(1));
    return Math.max(common(one.slice(1), other), common(one, other.slice(1)));
  };
  fc.assert(
    fc.property(lines, fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 8 }), (from, to) => {
      const changes = diffLines(from, to);
      const side = (without: string): string[] => changes.filter(({ change }) => change !== without).map(({ line }) => line);
      expect(side('added')).toEqual(from);
      expect(side('removed')).toEqual(to);
      expect(changes.filter(({ change }) => change === 'same').length).toBe(common(from, to));
    }),
    { numRuns: 50 },
  );
});

test('values that begin with what was typed come before those that have it inside, a hundred at most', () => {
  const content = PromptContent.parse({ ...saying('x'), arguments: [{ name: 'city', values: ['New York', 'York', 'Paris'] }] });
  expect(completions(content, 'city', 'yo')).toEqual({ values: ['York', 'New York'], total: 2 });
  expect(completions(content, 'nowhere', 'yo')).toEqual({ values: [], total: 0 });
  const many = PromptContent.parse({ ...saying('x'), arguments: [{ name: 'n', values: Array.from({ length: 250 }, (_, n) => `v${n}`) }] });
  expect(completions(many, 'n', '')).toMatchObject({ total: 250, values: { length: 100 } });
});

test('the system’s prompts say what each of their arguments is for, and use it', () => {
  expect(systemPrompts.length).toBeGreaterThan(4);
  for (const { name: called, content } of systemPrompts) {
    const text = JSON.stringify(content.messages);
    for (const argument of content.arguments) {
      expect(argument.description, called).toBeTruthy();
      expect(text, called).toContain(`{{${argument.name}}}`);
    }
    expect(JSON.stringify(expand(content, {})), called).not.toContain('{{');
    expect(content.description, called).toBeTruthy();
  }
});
