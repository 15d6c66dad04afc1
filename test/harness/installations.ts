import { afterEach } from 'vitest';
import { type Installation, type StartOptions, startAnnals } from './memory-annals.ts';
import { type PlayedModel, playedModel } from './played-model.ts';

/** Starts installations and stops them after each test. */
export function installations(): (options?: StartOptions) => Promise<Installation> {
  const started: Installation[] = [];
  afterEach(async () => {
    for (const installation of started.splice(0)) await installation.stop();
  });
  return async (options = {}) => {
    const installation = await startAnnals(options);
    started.push(installation);
    return installation;
  };
}

/** A played model, and the options that make an installation use it. */
export function withModel(play: Parameters<typeof playedModel>[0]): { played: PlayedModel; options: StartOptions } {
  const played = playedModel(play);
  return { played, options: { providers: [played.provider] } };
}
