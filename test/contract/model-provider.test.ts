import { createDemoProvider } from '../../src/adapters/model-provider/demo.ts';
import { serve, streamFrames } from '../adapters/model-provider/raw-server.ts';
import { type Wire, wires } from '../adapters/model-provider/wires.ts';
import { modelProviderContract, type ProviderSituation } from './model-provider.ts';

async function onWire(wire: Wire, frames: readonly string[], ending: 'end' | 'open' | 'cut' | 'refuse'): Promise<ProviderSituation> {
  const server = await serve((_request, response) => {
    if (ending === 'refuse') {
      response.writeHead(503, { 'content-type': 'application/json' }).end(wire.error(503, 'too busy'));
      return;
    }
    streamFrames(response, frames, { end: ending === 'end' });
    if (ending === 'cut') setImmediate(() => response.write(': \n', () => response.destroy()));
  });
  return {
    provider: wire.create(server.url, 'key-of-the-contract'),
    model: 'model-1',
    message: 'Hello',
    close: server.close,
    freed: async () => (await server.connections()) === 0,
  };
}

for (const wire of wires) {
  const usage = { inputTokens: 3, outputTokens: 4 };
  modelProviderContract(wire.name, {
    answers: () =>
      onWire(wire, [...wire.begin(usage), wire.reasoning('Hm'), wire.text('Grüße,'), wire.text(' Welt'), ...wire.end('stop', usage)], 'end'),
    callsTool: () =>
      onWire(
        wire,
        [...wire.begin(), ...wire.calls([{ id: 'call_1', name: 'weather', pieces: ['{"ci', 'ty":"Łó', 'dź"}'] }]), ...wire.end('tool-calls')],
        'end',
      ),
    neverEnds: () => onWire(wire, [...wire.begin(), wire.text('one')], 'open'),
    fails: () => onWire(wire, [], 'refuse'),
    breaksOff: () => onWire(wire, [...wire.begin(), wire.text('one'), wire.text(' two')], 'cut'),
  });
}

const demo = async (message: string): Promise<ProviderSituation> => ({ provider: createDemoProvider(), model: 'demo', message });
modelProviderContract('demo', {
  answers: () => demo('/think Hm\n/echo Grüße, Welt'),
  callsTool: () => demo('/call weather {"city":"Łódź"}'),
  neverEnds: () => demo('/pace 60000\n/long 100'),
  fails: () => demo('/fail'),
  breaksOff: () => demo('/fail 2\n/echo one two three'),
});
