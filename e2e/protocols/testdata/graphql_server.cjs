// A GraphQL server whose resolvers report the tickets that they act on.
const http = require('node:http');
const fs = require('node:fs');
const { buildSchema, graphql } = require('graphql');

const schema = buildSchema(fs.readFileSync(process.argv[2], 'utf8'));
const seen = [];
const act = (id) => { seen.push(id); return { id, owner: 'somebody' }; };
const rootValue = { ticket: ({ id }) => act(id), closeTicket: ({ input }) => act(input.id) };

const server = http.createServer((req, res) => {
  const answer = (value) => { res.setHeader('content-type', 'application/json'); res.end(JSON.stringify(value)); };
  if (req.url === '/seen') return answer(seen);
  let text = '';
  req.on('data', (part) => { text += part; });
  req.on('end', async () => {
    const { query, variables } = JSON.parse(text);
    answer(await graphql({ schema, source: query, rootValue, variableValues: variables }));
  });
});
server.listen(0, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${server.address().port}`));
