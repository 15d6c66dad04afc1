import { QuestionCard } from '../../ui/questions.tsx';
import { fetchMe } from '../me.ts';
import { Act, Page, Row, Rows, Section, When } from '../parts.tsx';
import { Shown, useAsked } from '../use-asked.tsx';
import { AddServer, ImportServers } from './add-server.tsx';
import { AddFromCatalogue } from './catalogue.tsx';
import { Changes } from './changes.tsx';
import { Dependencies } from './dependencies.tsx';
import { Login, useReturn } from './logins.tsx';
import { ToolList } from './tool-list.tsx';
import { type Approval, answerApproval, fetchToolServers, refreshServer, removeServer, type Server, switchServer } from './tool-servers.ts';
import { Updates } from './updates.tsx';

/** Servers of tools: which there are and how they are, what their tools may do, and which calls wait for a yes. */
export default function ToolServersPage() {
  const asked = useAsked(fetchToolServers);
  const me = useAsked(fetchMe);
  const returning = useReturn(asked.reload);
  const isAdministrator = me.value?.roles.includes('administrator') ?? false;
  return (
    <Page title="Tool servers" lead="MCP servers whose tools the models may call for you. Every call asks you first, unless you say otherwise.">
      <Shown asked={asked}>
        {({ servers, tools, approvals, questions }) => (
          <>
            <Section title="Waiting for you" lead="The same as in the conversation; whichever is answered first counts.">
              <Rows empty="Nothing waits.">
                {approvals.map((approval) => (
                  <Waiting key={approval.approvalId} approval={approval} done={asked.reload} />
                ))}
              </Rows>
              {questions.map((question) => (
                <QuestionCard key={question.inputId} asked={question} done={asked.reload} />
              ))}
            </Section>
            {returning && <p className="py-2 text-dim text-sm">Logging in…</p>}
            <Section title="Servers">
              <Rows empty="None yet.">
                {servers.map((server) => (
                  <ServerRow key={server.id} server={server} mayChange={server.administered !== undefined} done={asked.reload} />
                ))}
              </Rows>
            </Section>
            <Changes servers={servers} done={asked.reload} />
            <Updates servers={servers} done={asked.reload} />
            <Dependencies servers={servers} done={asked.reload} />
            <Section title="Tools" lead="Of several policies the strictest counts: deny, then ask, then allow.">
              <ToolList tools={tools} done={asked.reload} />
            </Section>
            <Section title="Add from the catalogue" lead="At exactly the version that the catalogue names.">
              <AddFromCatalogue isAdministrator={isAdministrator} done={asked.reload} />
            </Section>
            <Section title="Add a server">
              <AddServer isAdministrator={isAdministrator} done={asked.reload} />
            </Section>
            <Section title="Add by JSON" lead="The mcpServers file of another program. Nothing in it is run or replaced.">
              <ImportServers isAdministrator={isAdministrator} done={asked.reload} />
            </Section>
          </>
        )}
      </Shown>
    </Page>
  );
}

function Waiting({ approval, done }: { approval: Approval; done: () => void }) {
  return (
    <Row
      title={approval.toolName}
      facts={
        <>
          <When time={approval.askedAt} /> · <code className="break-all">{JSON.stringify(approval.input)}</code>
        </>
      }
    >
      <Act label="Allow once" act={() => answerApproval(approval, true)} done={done} />
      <Act label="Refuse" act={() => answerApproval(approval, false)} done={done} />
    </Row>
  );
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

function factsOf({ owner, transport, status, contract, enabled, tools, login }: Server): string {
  if (owner === 'built_in') return `always there · ${tools ?? 0} tools · nothing to connect to`;
  const figures = status && [
    `${status.calls} calls`,
    ...(status.errors > 0 ? [`${status.errors} failed`] : []),
    ...(status.meanMs === undefined ? [] : [`${status.meanMs} ms each`]),
    ...(status.reconnects > 0 ? [`${status.reconnects} reconnects`] : []),
    ...(status.memoryBytes === undefined ? [] : [megabytes(status.memoryBytes)]),
  ];
  return [
    enabled ? (status?.state ?? 'not connected') : 'off',
    owner === 'organisation' ? 'for everybody it is shared with' : 'yours',
    transport,
    contract ? `${contract.tools} tools` : 'never reached',
    ...(login?.connected && login.issuer ? [`logged in at ${login.issuer}`] : []),
    ...(figures ?? []),
    ...(status?.reason ? [status.reason] : []),
  ].join(' · ');
}

function ServerRow({ server, mayChange, done }: { server: Server; mayChange: boolean; done: () => void }) {
  const { id, slug, title, enabled, owner } = server;
  return (
    <Row title={title === '' || title === slug ? slug : `${slug} — ${title}`} facts={factsOf(server)}>
      {enabled && <Login server={server} done={done} />}
      {enabled && owner !== 'built_in' && <Act label="Read anew" act={() => refreshServer(id)} done={done} />}
      {mayChange && <Act label={enabled ? 'Switch off' : 'Switch on'} act={() => switchServer(id, !enabled)} done={done} />}
      {mayChange && <Act label="Remove" confirm={`Remove ${slug}, and destroy its secrets?`} act={() => removeServer(id)} done={done} />}
    </Row>
  );
}
