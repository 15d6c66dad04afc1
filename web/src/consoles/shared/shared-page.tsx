import { useCallback } from 'react';
import { z } from 'zod';
import { request } from '../../api.ts';
import { navigate } from '../../ui/route.ts';
import { fetchMe } from '../me.ts';
import { Act, Page, Row, Rows, When } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';

const Conversation = z.object({ id: z.string(), title: z.string().nullable(), owner: z.string(), access: z.string(), lastMessageAt: z.string() });
const fetchShared = async () =>
  (await request('/api/conversations?shared=with-me&limit=100', z.object({ conversations: z.array(Conversation) }))).conversations;

export default function SharedPage() {
  const shared = useAsked(fetchShared);
  const me = useAsked(fetchMe);
  const leave = useCallback(
    (id: string) =>
      request(`/api/conversations/${encodeURIComponent(id)}/shares/${encodeURIComponent(me.value?.id ?? '')}`, z.unknown(), { method: 'DELETE' }),
    [me.value],
  );
  return (
    <Page
      title="Shared with you"
      lead="Conversations of others that you may read, and in some of which you may write. That you read them is recorded."
    >
      <div className="mt-6">
        <Shown asked={shared}>
          {(all) => (
            <Rows empty="Nobody shares anything with you.">
              {all.map(({ id, title, owner, access, lastMessageAt }) => (
                <Row
                  key={id}
                  title={title ?? 'A conversation'}
                  facts={
                    <>
                      of {owner} · you may {access} · <When time={lastMessageAt} />
                    </>
                  }
                >
                  <button type="button" className="pill pill-solid" onClick={() => navigate({ page: 'chat', threadId: id })}>
                    Open
                  </button>
                  <Act label="Leave" confirm="You will not see it any more." act={() => leave(id)} done={shared.reload} />
                </Row>
              ))}
            </Rows>
          )}
        </Shown>
      </div>
    </Page>
  );
}
