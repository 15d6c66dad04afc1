import { ChevronDown } from 'lucide-react';
import { useEffect, useState } from 'react';
import { fetchModels, type Models } from '../api.ts';
import { chooseModel, useChosenModel } from './model-choice.ts';

/** Absent as long as the server names no models: it then decides alone. */
export function ModelPicker() {
  const [known, setKnown] = useState<Models>();
  const chosen = useChosenModel();
  useEffect(() => {
    fetchModels().then(setKnown, () => {});
  }, []);
  if (!known || known.models.length === 0) return null;

  const value = known.models.some((model) => model.id === chosen) ? chosen : known.default;
  const providers = Map.groupBy(known.models, (model) => model.provider);
  return (
    <label className="relative flex min-w-0 items-center rounded-full text-dim text-sm hover:bg-wash hover:text-ink">
      <span className="sr-only">Model</span>
      <select
        value={value ?? ''}
        onChange={(event) => chooseModel(event.target.value)}
        className="field-sizing-content min-w-0 max-w-56 appearance-none truncate rounded-full bg-transparent py-1.5 pr-7 pl-3 [&_optgroup]:bg-leaf [&_option]:bg-leaf [&_option]:text-ink"
      >
        {[...providers].map(([provider, models]) => (
          <optgroup key={provider} label={provider}>
            {models.map(({ id, name, local }) => (
              <option key={id} value={id}>
                {name}
                {local ? ' · on this machine' : ''}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
      <ChevronDown size={14} className="pointer-events-none absolute right-2.5" />
    </label>
  );
}
