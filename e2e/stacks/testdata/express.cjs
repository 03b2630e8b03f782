// An API behind Express, set up as leniently as people do: method overrides, nested
// parameters, forms of both kinds. It reports the objects that it acts on.
const express = require('express');
const methodOverride = require('method-override');
const multer = require('multer');

const app = express();
app.set('query parser', 'extended');
app.use(methodOverride('X-HTTP-Method-Override'));
app.use(methodOverride('_method'));
app.use(express.json());
app.use(express.urlencoded({ extended: true }));
app.use(multer().none());
app.use(methodOverride((req) => (req.body && typeof req.body === 'object' && '_method' in req.body ? String(req.body._method) : undefined)));

// all is each text of a value that may be a list or an object.
const all = (v) => (Array.isArray(v) ? v.flatMap(all) : v && typeof v === 'object' ? Object.values(v).flatMap(all) : v === undefined ? [] : [String(v)]);
const act = (res, action, type, ...values) => res.json({ action, objects: values.flatMap(all).map((id) => `${type}/${id}`) });
// param is what req.param was: whoever asks for a name gets it from anywhere.
const param = (req, name) => [req.params[name], req.query[name]];

app.get('/items/:id', (req, res) => act(res, 'read', 'item', ...param(req, 'id')));
app.delete('/items/:id', (req, res) => act(res, 'delete', 'item', ...param(req, 'id')));
app.post('/items/:id\\:cancel', (req, res) => act(res, 'update', 'item', ...param(req, 'id')));
app.get('/repos/:owner/:name', (req, res) => act(res, 'read', 'repo', `${req.params.owner}/${req.params.name}`));
app.get('/files/*path', (req, res) => act(res, 'read', 'file', req.params.path.join('/')));
app.get('/packages/:name', (req, res) => act(res, 'read', 'package', ...param(req, 'name')));
app.get('/compare/:range', (req, res) => {
  const cut = req.params.range.indexOf('...');
  act(res, 'read', 'item', req.params.range.slice(0, cut), req.params.range.slice(cut + 3));
});
app.get('/search', (req, res) => act(res, 'read', 'item', req.query.id));
app.get('/batch', (req, res) => act(res, 'read', 'item', ...all(req.query.ids).flatMap((list) => list.split(','))));
app.get('/each', (req, res) => act(res, 'read', 'item', req.query.id));
app.get('/header', (req, res) => act(res, 'read', 'item', req.get('x-item')));
app.post('/form', (req, res) => act(res, 'update', 'item', req.body?.id, req.query.id));
app.post('/json', (req, res) => act(res, 'update', 'item', req.body?.id));
app.post('/deep', (req, res) => act(res, 'update', 'item', req.body?.item?.id));
app.post('/list', (req, res) => act(res, 'update', 'item', ...all(req.body?.items?.map((one) => one.id))));
app.use((err, req, res, next) => res.status(err.status ?? 500).json({ error: String(err.message) })); // eslint-disable-line no-unused-vars

const server = app.listen(0, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${server.address().port}`));
server.keepAliveTimeout = 0; // the proxy decides how long a connection lives: a request must not meet the end of one
