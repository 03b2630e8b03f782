// Loaded before a client: every *.example.com is this machine, so that the client is
// configured with the names that it would have anywhere.
const dns = require('node:dns');

const lookup = dns.lookup;
dns.lookup = (host, options, done) => {
  if (!host.endsWith('.example.com')) return lookup(host, options, done);
  const callback = typeof options === 'function' ? options : done;
  if (options && options.all) return callback(null, [{ address: '127.0.0.1', family: 4 }]);
  return callback(null, '127.0.0.1', 4);
};
