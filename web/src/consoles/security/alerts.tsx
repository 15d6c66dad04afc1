import { useEffect } from 'react';
import { z } from 'zod';
import { request } from '../../api.ts';
import { Form, Labelled, Row, Rows, Section, When } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';

const Alert = z.object({
  alertId: z.string(),
  rule: z.string(),
  about: z.string(),
  by: z.string(),
  count: z.number(),
  since: z.string(),
  raisedAt: z.string(),
  status: z.enum(['open', 'acknowledged']),
  acknowledgedBy: z.string().nullable(),
  note: z.string().nullable(),
});
type Alert = z.infer<typeof Alert>;
const fetchAlerts = async () => (await request('/api/security/alerts?limit=50', z.object({ alerts: z.array(Alert) }))).alerts;

const titles: Readonly<Record<string, string>> = {
  'failures-of-account': 'Many failed logins of one account',
  'failures-from-network': 'Many failures from one network',
  'refusals-of-person': 'Many refusals of one person',
  'token-reused': 'A token was used twice',
  'addresses-blocked': 'Addresses that may not be called',
  'others-data-read': 'Somebody’s data was read by another',
};

/** What was found in the events. `news` counts those that came while the page is open. */
export function Alerts({ news, mayAcknowledge }: { news: number; mayAcknowledge: boolean }) {
  const alerts = useAsked(fetchAlerts);
  const { reload } = alerts;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another alert is asked for
  useEffect(reload, [news, reload]);
  return (
    <Section title="Alerts">
      <Shown asked={alerts}>
        {(all) => (
          <Rows empty="There has been no alert.">
            {all.map((alert) => (
              <Row key={alert.alertId} title={<Title alert={alert} />} facts={<Facts alert={alert} />}>
                {alert.status === 'open' && mayAcknowledge && (
                  <Form
                    label="Acknowledge"
                    send={async (fields) => {
                      await request(`/api/security/alerts/${alert.alertId}/acknowledge`, z.unknown(), {
                        method: 'POST',
                        body: { note: String(fields.get('note')) },
                      });
                      reload();
                    }}
                  >
                    <Labelled label="Note">
                      <input name="note" maxLength={1000} placeholder="What it was" className="field" />
                    </Labelled>
                  </Form>
                )}
              </Row>
            ))}
          </Rows>
        )}
      </Shown>
    </Section>
  );
}

const Title = ({ alert: { rule, status } }: { alert: Alert }) => (
  <span className="flex items-center gap-2">
    <span className={`size-2 flex-none rounded-full ${status === 'open' ? 'bg-rubric' : 'bg-line'}`} />
    {titles[rule] ?? rule}
  </span>
);

const Facts = ({ alert: { about, count, since, raisedAt, status, acknowledgedBy, note } }: { alert: Alert }) => (
  <span className="[overflow-wrap:anywhere]">
    {about} · {count === 1 ? 'once' : `${count} times`} since <When time={since} /> · raised <When time={raisedAt} />
    {status === 'acknowledged' && ` · acknowledged by ${acknowledgedBy}${note ? `: ${note}` : ''}`}
  </span>
);
