const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const { promisify } = require('node:util');
const { port, token, many, foreign, done } = require('./count.cjs');

const { tickets } = grpc.loadPackageDefinition(loader.loadSync(process.argv[5], { keepCase: true }));
const client = new tickets.v1.Tickets(`ipv4:127.0.0.1:${port}`, grpc.credentials.createInsecure(), { 'grpc.default_authority': 'tickets.example.com' });
const metadata = new grpc.Metadata();
metadata.set('authorization', `Bearer ${token}`);
metadata.set('trace-bin', Buffer.from([0, 1, 255]));
const call = (name) => {
  const method = promisify(client[name].bind(client));
  return (message) => method(message, metadata, { deadline: Date.now() + 20000 });
};

(async () => {
  await many([
    (n) => call('GetTicket')({ id: `T-${n + 1}` }),
    () => call('ListTickets')({ queue: 'support' }),
    (n) => call('CloseTickets')({ ids: Array.from({ length: 1 + (n % 50) }, (_, i) => `T-${i + 1}`) }),
    (n) => call('AddComment')({ comment: { ticket_id: `T-${n + 1}` } }),
  ]);
  await foreign(() => call('CloseTickets')({ ids: ['T-1', 'T-0'] }));
  client.close();
  done();
})();
