/** The load, in a process and on a core of its own: `node generator.ts '{"url":…,"requests":[…],"seconds":2}'`, answers in JSON. */
import autocannon from 'autocannon';

const { url, requests, seconds } = JSON.parse(process.argv[2] ?? '{}');
const result = await autocannon({ url, requests, duration: seconds, connections: 16 });
process.stdout.write(JSON.stringify({ answered: result['2xx'], failed: result.non2xx + result.errors }));
