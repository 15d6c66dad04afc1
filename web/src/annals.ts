import { createAnnals } from '@annals/client';
import { chosenModel } from './chat/model-choice.ts';

export const annals = createAnnals({
  body: () => {
    const model = chosenModel();
    return model ? { model, config: { modelName: model } } : {};
  },
});
