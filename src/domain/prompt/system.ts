import { PromptContent } from './content.ts';

/** A prompt that every installation has. */
export interface SystemPrompt {
  readonly id: string;
  readonly name: string;
  readonly content: PromptContent;
}

const SYSTEM = 'prompt_system_';
type Argument = PromptContent['arguments'][number];
const text: Argument = { name: 'text', description: 'What it is about; paste it after the name.', required: true };
const languages = ['English', 'French', 'German', 'Spanish', 'Italian', 'Portuguese', 'Dutch', 'Polish', 'Chinese', 'Japanese', 'Arabic', 'Hindi'];

function system(name: string, title: string, description: string, declared: readonly Argument[], message: string): SystemPrompt {
  const content = { title, description, arguments: [...declared], messages: [{ role: 'user', content: { type: 'text', text: message } }] };
  return { id: SYSTEM + name.replaceAll('-', '_'), name, content: PromptContent.parse(content) };
}

/** Few, and of use to anybody. */
export const systemPrompts: readonly SystemPrompt[] = [
  system(
    'summarize',
    'Summarize',
    'The main points of a text, without anything added.',
    [text, { name: 'length', description: 'How long the summary is.', required: false, values: ['one sentence', 'five bullet points', 'one page'] }],
    'Summarize the text below. Keep to what it says, name figures and names as they stand there, and say so where it contradicts itself. Length: {{length}} (where nothing is said: one short paragraph).\n\n{{text}}',
  ),
  system(
    'translate',
    'Translate',
    'A text in another language, in the same tone.',
    [{ name: 'language', description: 'Into which language.', required: true, values: languages }, text],
    'Translate the text below into {{language}}. Keep its tone, its paragraphs and its markup. Leave names and code as they are. Answer with the translation alone.\n\n{{text}}',
  ),
  system(
    'improve',
    'Improve a text',
    'The same text, clearer and without mistakes, with the changes named.',
    [text],
    'Improve the text below: correct mistakes, shorten what is long-winded, make unclear sentences clear. Keep its language, its meaning and its voice. Give the improved text first, then a short list of what you changed and why.\n\n{{text}}',
  ),
  system(
    'explain',
    'Explain',
    'Something difficult in plain words.',
    [
      { name: 'topic', description: 'What is to be explained.', required: true },
      { name: 'audience', description: 'To whom.', required: false, values: ['a ten-year-old', 'a beginner', 'a colleague', 'an expert'] },
    ],
    'Explain this so that the reader understands it at the first reading: what it is, why it matters, and one example. The reader: {{audience}} (where nobody is named: an interested adult without previous knowledge).\n\n{{topic}}',
  ),
  system(
    'actions',
    'Actions and decisions',
    'Who does what until when, out of notes or a conversation.',
    [text],
    'From the notes below make two lists: the decisions that were taken, and the actions that follow, each with who does it and until when. Write "open" where the notes do not say. Add nothing that is not in them.\n\n{{text}}',
  ),
  system(
    'weigh',
    'Weigh a decision',
    'What speaks for and against, and what would decide it.',
    [{ name: 'question', description: 'The decision, with its options.', required: true }],
    'Help me decide the question below. Give for each option the strongest arguments for and against, what it would cost to be wrong, and which single fact would settle the matter. Then say which option you would choose and how sure you are.\n\n{{question}}',
  ),
  system(
    'review-code',
    'Review code',
    'Faults and risks of a piece of code, the worst first.',
    [{ name: 'code', description: 'The code; paste it after the name.', required: true }],
    'Review the code below. List the faults and risks you find, the worst first, each with the line, what can go wrong and how to mend it. Say so where you are not sure. Do not rewrite what is fine.\n\n```\n{{code}}\n```',
  ),
];
