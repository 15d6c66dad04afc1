import { createAnnals } from '@annals/client';
import { chosenModel } from './chat/model-choice.ts';
import { leaveForLogin } from './login/ways.ts';

export const annals = createAnnals({
  anonymous: async () => !(await leaveForLogin()),
  body: () => {
    const model = chosenModel();
    return model ? { model, config: { modelName: model } } : {};
  },
});
