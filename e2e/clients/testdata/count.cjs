// What all client scripts share: argv is PORT TOKEN COUNT, the answer is one line of JSON.
const [port, token, count] = process.argv.slice(2);
const out = { sent: 0, failed: [], foreign: 0 };

module.exports = {
  port: Number(port),
  token,
  // many calls what is next in turn until count requests were sent, eight at a time.
  async many(calls) {
    let next = 0;
    const worker = async () => {
      while (next < Number(count)) {
        const n = next++;
        const call = calls[n % calls.length];
        try {
          await call(n);
        } catch (e) {
          out.failed.push(`${call}: ${e.status ?? e.statusCode ?? e.code} ${e.message}`);
        }
        out.sent++;
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
  },
  // foreign notes with which status a call is refused that must be.
  async foreign(call) {
    try {
      const answer = await call();
      out.foreign = answer?.lastResponse?.statusCode ?? 200; // Stripe's client takes JSON without "error" for an answer
    } catch (e) {
      out.foreign = e.status ?? e.statusCode ?? e.code;
    }
  },
  done() { console.log(JSON.stringify(out)); },
};
