// The suite starts this for each scenario, with the address of the scenario's server as the last argument (its README, "Client testing").
const { CONFORMANCE_DOOR: door = '', MCP_CONFORMANCE_CONTEXT: context = '{}', MCP_CONFORMANCE_SCENARIO: scenario = '' } = process.env;
const body = JSON.stringify({ url: process.argv.at(-1), scenario, context: JSON.parse(context) });
// It has to end by itself: the suite would end the shell around it only, and wait for ever.
const answer = await fetch(door, { method: 'POST', body, signal: AbortSignal.timeout(85_000) });
process.stderr.write(await answer.text());
process.exitCode = answer.ok ? 0 : 1;
