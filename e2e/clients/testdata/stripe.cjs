const Stripe = require('stripe');
const { port, token, many, foreign, done } = require('./count.cjs');

const stripe = new Stripe(token, { host: 'api.stripe.example.com', port, protocol: 'http', maxNetworkRetries: 0, telemetry: true });
const customer = 'cus_NffrFeUfNV2Hib';

(async () => {
  await many([
    () => stripe.customers.retrieve(customer),
    () => stripe.customers.retrieve(customer, { expand: ['default_source', 'invoice_settings.default_payment_method'] }),
    (n) => stripe.customers.update(customer, { name: `Zoë & Söhne ${n}`, metadata: { order_id: String(n), 'a key': 'a=b&c;d+e%f' }, address: { line1: 'Straße 1', country: 'DE' } }),
    () => stripe.customers.update('cus_9s6XKzkNRiz8i3', { email: 'ada+test@example.com', tax: { ip_address: '' }, preferred_locales: ['de', 'en'] }),
    () => stripe.customers.del('cus_9s6XKzkNRiz8i3'),
    () => stripe.customers.listPaymentMethods(customer, { type: 'card', limit: 3 }),
    () => stripe.invoices.list({ customer, limit: 10, created: { gte: 1700000000 }, expand: ['data.charge', 'data.subscription'] }),
    (n) => stripe.paymentIntents.create({ amount: 1000 + n, currency: 'eur', customer, automatic_payment_methods: { enabled: true }, description: 'Order "7"\nline 2' }, { idempotencyKey: `key-${n}` }),
    () => stripe.subscriptions.create({ customer, items: [{ price: 'price_1', quantity: 2 }, { price: 'price_2' }], trial_end: 'now', add_invoice_items: [{ price_data: { currency: 'eur', product: 'prod_1', unit_amount: 5 } }] }),
    () => stripe.checkout.sessions.create({ customer, mode: 'payment', success_url: 'https://shop.example.com/ok?session={CHECKOUT_SESSION_ID}&x=1', line_items: [{ price_data: { currency: 'eur', unit_amount: 100, product_data: { name: 'T-Shirt (größe M)', images: ['https://x.example/a.png'] } }, quantity: 1 }] }),
    () => stripe.products.retrieve('prod_NWjs8kKbJWmuuc'),
    () => stripe.products.search({ query: "active:'true' AND metadata['order']:'6735'" }),
  ]);
  await foreign(() => stripe.paymentIntents.create({ amount: 1, currency: 'eur', customer: 'cus_4QFOF3xrvBT2nU' }));
  done();
})();
