import { setTimeout as sleep } from 'node:timers/promises';
import { discoverProviders } from '../adapters/model-provider/discover.ts';
import { createModels } from '../adapters/model-provider/models.ts';
import type { ModelProvider } from '../adapters/model-provider/port.ts';
import type { Settings } from '../settings.ts';
import { type Finding, fine, problem, warning } from './finding.ts';
import { sentenceOf } from './refused.ts';

const DEMO = 'demo';
const PATIENCE_MS = 10_000;

/** Which models there are: every provider is asked for its list, none for an answer. */
export async function checkProviders(settings: Settings): Promise<readonly Finding[]> {
  const configured = await discoverProviders(settings, { localServers: [] });
  const local = settings.ANNALS_LOCAL_MODELS === 'off' ? configured : await discoverProviders({});
  const ours = configured.providers.filter(({ name }) => name !== DEMO);
  const offered = local.providers.filter(({ name }) => !configured.providers.some((provider) => provider.name === name));
  const findings = await Promise.all([...ours.map(ofConfigured), ...offered.map(ofLocal)]);
  return [...findings, ...configured.warnings.map(warning), await chosen(configured, ours.length)].filter((finding) => finding !== undefined);
}

async function ofConfigured(provider: ModelProvider): Promise<Finding> {
  try {
    const models = await inTime(provider.models());
    return fine(`The provider ${provider.name} answers and has ${models.length} ${models.length === 1 ? 'model' : 'models'}.`);
  } catch (error) {
    return problem(`The provider ${provider.name} cannot be used: ${sentenceOf(error)}`);
  }
}

/** Nobody said that there is one. */
async function ofLocal(provider: ModelProvider): Promise<Finding | undefined> {
  const models = await inTime(provider.models()).catch(() => []);
  return models.length === 0 ? undefined : fine(`The model server ${provider.name} runs on this machine and is offered.`);
}

async function chosen({ providers, defaultModel }: Parameters<typeof createModels>[0], configured: number): Promise<Finding> {
  if (configured === 0)
    return warning(
      'No model provider is set, so the demonstration answers: set OPENAI_API_KEY, OPENAI_BASE_URL, ANTHROPIC_API_KEY or GEMINI_API_KEY.',
    );
  try {
    return fine(`Where nobody chose, ${await inTime(createModels({ providers, defaultModel }).defaultModel())} answers.`);
  } catch (error) {
    return problem(`There is no model for those who chose none: ${sentenceOf(error)}`);
  }
}

const inTime = <Result>(work: Promise<Result>): Promise<Result> =>
  Promise.race([
    work,
    sleep(PATIENCE_MS, undefined, { ref: false }).then(() => Promise.reject(new Error(`it has not answered for ${PATIENCE_MS / 1000} s.`))),
  ]);
