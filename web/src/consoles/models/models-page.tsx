import { z } from 'zod';
import { fetchModels, request } from '../../api.ts';
import { PersonField } from '../../sharing/share-dialog.tsx';
import { fetchRoles, usualRoles } from '../../sharing/shares.ts';
import { Act, Form, Labelled, Page, Row, Rows, Section } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';

const Access = z.object({ models: z.array(z.object({ model: z.string(), to: z.array(z.string()) })) });
type Rule = z.output<typeof Access>['models'][number];
const People = z.object({ people: z.array(z.object({ id: z.string(), name: z.string().nullish() })) });

const fetchAccess = async () => (await request('/api/model-access', Access)).models;
const fetchPeople = async () => (await request('/api/people?limit=100', People)).people;
/** Who may use it from now on; null: everybody. */
const allow = (model: string, to: readonly string[] | null) => request('/api/model-access', z.unknown(), { method: 'POST', body: { model, to } });

const ALL = '/*';
const providerOf = (model: string): string => model.slice(0, model.indexOf('/'));
const titleOf = (model: string): string => (model.endsWith(ALL) ? `Every model of ${providerOf(model)}` : model);

/** Which models are kept to some, and to whom. */
export default function ModelsPage() {
  const access = useAsked(fetchAccess);
  const models = useAsked(fetchModels);
  const roles = useAsked(fetchRoles);
  const people = useAsked(fetchPeople);
  const nameOf = (grantee: string): string =>
    people.value?.find(({ id }) => id === grantee)?.name ?? roles.value?.find(({ id }) => id === grantee)?.name ?? grantee;
  const rules = access.value ?? [];
  const offered = models.value?.models.map(({ id }) => id) ?? [];
  const choices = [...new Set(offered.map((id) => providerOf(id) + ALL)), ...offered];

  return (
    <Page
      title="Models"
      lead="Everybody may use every model, until it is kept to some. Administrators always may. Others do not see it in their list."
    >
      <Section title="Keep a model to some" lead="With nobody named it is for administrators alone; whoever is named already stays.">
        <Form
          label="Allow"
          send={async (fields) => {
            const model = String(fields.get('model')).trim();
            const named = [fields.get('person'), fields.get('role')].map((each) => String(each ?? '').trim()).filter(Boolean);
            const before = rules.find((rule) => rule.model === model)?.to ?? [];
            await allow(model, [...new Set([...before, ...named])]);
            access.reload();
          }}
        >
          <Labelled label="Model" hint="One, or all of a provider">
            <input name="model" required list="models" autoComplete="off" placeholder="provider/model" className="field" />
            <datalist id="models">
              {choices.map((id) => (
                <option key={id} value={id} label={titleOf(id)} />
              ))}
            </datalist>
          </Labelled>
          <PersonField />
          <Labelled label="or a role" hint="Whoever has it">
            <select name="role" className="field" defaultValue="">
              <option value="">none</option>
              {usualRoles.map((role) => (
                <option key={role}>{role}</option>
              ))}
              {roles.value?.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </Labelled>
        </Form>
      </Section>
      <Section title="Kept to some">
        <Shown asked={access}>
          {(all) => (
            <Rows empty="Every model is for everybody.">
              {all.map((rule) => (
                <KeptModel key={rule.model} rule={rule} nameOf={nameOf} done={access.reload} />
              ))}
            </Rows>
          )}
        </Shown>
      </Section>
    </Page>
  );
}

function KeptModel({ rule: { model, to }, nameOf, done }: { rule: Rule; nameOf: (grantee: string) => string; done: () => void }) {
  return (
    <Row title={titleOf(model)} facts={to.length === 0 ? 'administrators alone' : to.map(nameOf).join(', ')}>
      {to.map((grantee) => (
        <Act
          key={grantee}
          label={`Not ${nameOf(grantee)}`}
          act={() =>
            allow(
              model,
              to.filter((each) => each !== grantee),
            )
          }
          done={done}
        />
      ))}
      <Act label="For everybody" act={() => allow(model, null)} done={done} />
    </Row>
  );
}
