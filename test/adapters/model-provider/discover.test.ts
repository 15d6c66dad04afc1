import { describe, expect, test } from 'vitest';
import { discoverProviders, type ProviderSettings } from '../../../src/adapters/model-provider/discover.ts';
import { createModels } from '../../../src/adapters/model-provider/models.ts';
import type { Fetch } from '../../../src/adapters/model-provider/transport.ts';
import { ask, hear } from './calls.ts';
import { serve, streamFrames } from './raw-server.ts';
import { openaiWire } from './wires.ts';

const nobody: Fetch = () => Promise.reject(new TypeError('connection refused'));
const listing =
  (...ids: string[]): Fetch =>
  async () =>
    Response.json({ object: 'list', data: ids.map((id) => ({ id, object: 'model' })) });
const defaultOf = async (settings: ProviderSettings, fetch = nobody) => (await discoverProviders(settings, { fetch })).defaultModel();

describe('the default model', () => {
  test.each<[ProviderSettings, string]>([
    [{}, 'demo/demo'],
    [{ GEMINI_API_KEY: 'g' }, 'gemini/'],
    [{ GEMINI_API_KEY: 'g', ANTHROPIC_API_KEY: 'a' }, 'anthropic/'],
    [{ GEMINI_API_KEY: 'g', ANTHROPIC_API_KEY: 'a', OPENAI_API_KEY: 'o' }, 'openai/'],
    [{ OPENAI_API_KEY: 'o', OPENAI_DEFAULT_MODEL: 'mine' }, 'openai/mine'],
    [{ OPENAI_BASE_URL: 'http://127.0.0.1:9/v1', OPENAI_DEFAULT_MODEL: 'local' }, 'openai/local'],
    [{ OPENAI_API_KEY: 'o', OPENAI_DEFAULT_MODEL: 'mine', ANNALS_MODEL: 'demo/demo' }, 'demo/demo'],
    [{ ANNALS_MODEL: 'ollama/llama4:8b' }, 'ollama/llama4:8b'],
  ])('of %j is %s', async (settings, expected) => expect(await defaultOf(settings)).toMatch(new RegExp(`^${expected}`)));

  test('of a server of one’s own is the first that it lists', async () => {
    expect(await defaultOf({ OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' }, listing('text-embed-1', 'qwen', 'llama'))).toBe('openai/qwen');
  });

  test('of a server that does not answer is an error, not quietly another model', async () => {
    await expect(defaultOf({ OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' })).rejects.toMatchObject({ code: 'Unavailable' });
    await expect(defaultOf({ OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' }, listing())).rejects.toMatchObject({ code: 'NotFound' });
  });
});

describe('what is found', () => {
  test('the demo is always there, and each provider only with its key', async () => {
    const names = async (settings: ProviderSettings) =>
      (await discoverProviders(settings, { fetch: nobody, localServers: [] })).providers.map(({ name }) => name);
    expect(await names({})).toEqual(['demo']);
    expect(await names({ OPENAI_API_KEY: 'o', ANTHROPIC_API_KEY: 'a', GEMINI_API_KEY: 'g' })).toEqual(['openai', 'anthropic', 'gemini', 'demo']);
    expect(await names({ OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' })).toEqual(['openai', 'demo']);
  });

  test('local servers do not hold up the start, even when they never answer', async () => {
    const asked: string[] = [];
    const silent: Fetch = (input) => {
      asked.push(String(input));
      return new Promise(() => {});
    };
    const { providers } = await discoverProviders({}, { fetch: silent });
    expect(providers.map(({ name }) => name)).toEqual(['ollama', 'lmstudio', 'llamacpp', 'demo']);
    await expect
      .poll(() => asked.toSorted())
      .toEqual(['http://127.0.0.1:11434/v1/models', 'http://127.0.0.1:1234/v1/models', 'http://127.0.0.1:8080/v1/models']);
  });

  test('a local server that answers is offered as local, never the default, without any key of ours, and works', async () => {
    const server = await serve((request, response) => {
      if (request.method === 'GET')
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ object: 'list', data: [{ id: 'llama', object: 'model' }] }));
      else streamFrames(response, [openaiWire.text('Hi'), ...openaiWire.end('stop')]);
    });
    const settings = { OPENAI_API_KEY: 'sk-secret-of-openai', OPENAI_DEFAULT_MODEL: 'mine' };
    const { providers, defaultModel } = await discoverProviders(settings, { localServers: [{ name: 'ollama', baseURL: `${server.url}/v1` }] });
    const models = createModels({ providers: providers.filter(({ name }) => name !== 'openai'), defaultModel });
    expect(await models.list()).toContainEqual({ id: 'ollama/llama', provider: 'ollama', name: 'llama', local: true });
    expect(await models.defaultModel()).toBe('openai/mine');
    const { model: _model, ...request } = ask('Hello');
    expect((await hear(models.stream('ollama/llama', request))).text).toBe('Hi');
    expect(JSON.stringify(server.headers)).not.toContain('secret');
    await server.close();
  });

  test('ANNALS_MODEL of an unknown provider is warned about, with the names that would do', async () => {
    const warnings = async (ANNALS_MODEL: string) => (await discoverProviders({ ANNALS_MODEL }, { fetch: nobody })).warnings;
    expect(await warnings('openai/gpt-5.5')).toEqual([expect.stringContaining('demo/…')]);
    expect(await warnings('demo')).toHaveLength(1);
    expect(await warnings('demo/demo')).toEqual([]);
  });
});
