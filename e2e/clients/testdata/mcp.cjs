const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
const { StreamableHTTPClientTransport } = require('@modelcontextprotocol/sdk/client/streamableHttp.js');
const { port, token, many, foreign, done } = require('./count.cjs');

(async () => {
  const client = new Client({ name: 'tests', version: '1.0.0' });
  const transport = new StreamableHTTPClientTransport(new URL(`http://mcp.example.com:${port}/mcp`), { requestInit: { headers: { authorization: `Bearer ${token}` } } });
  await client.connect(transport);
  await many([
    (n) => client.callTool({ name: 'get_ticket', arguments: { ticket_id: `T-${n + 1}` } }),
    () => client.listTools(),
    (n) => client.readResource({ uri: `ticket://T-${n + 1}` }),
    (n) => client.getPrompt({ name: 'summary', arguments: { ticket: `T-${n + 1}` } }),
    () => client.ping(),
    () => client.listPrompts(),
    () => client.listResources(),
  ]);
  await foreign(() => client.callTool({ name: 'get_ticket', arguments: { ticket_id: 'T-0' } }));
  await client.callTool({ name: 'get_ticket', arguments: { ticket_id: 'T-1' } }); // the session goes on
  await transport.terminateSession();
  await client.close();
  done();
})();
