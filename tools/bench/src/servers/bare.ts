/** The floor: `node:http`, which sends the bytes that another server sent. It is told which, path by path. */
import { createServer } from 'node:http';
import { listen } from './listen.ts';
import { isRecorded, type Recorded } from './recorded.ts';

const answers = new Map<string, Recorded>();
process.on('message', (message) => {
  if (isRecorded(message)) answers.set(message.path, message);
});

const server = createServer((request, response) => {
  const answer = answers.get(request.url?.split('?')[0] ?? '');
  response.writeHead(answer ? 200 : 404, answer?.headers);
  response.end(answer?.body);
});
listen(server);
