// Node's http client with a keep-alive agent, halfclose serve, and Node's http server behind it:
//
//   node node_test.mjs HALFCLOSE [REQUESTS]
//
// Every message is compared byte for byte at both ends: content with a length and in chunks, trailers, HEAD, 304,
// 1xx, answers before the request is whole, clients that leave. What is random comes from a fixed seed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { createInterface } from 'node:readline';

const [halfclose, count = '3000'] = process.argv.slice(2);

let seed = 20261124;
function random(below) {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}
/// Bytes of any value that tell from where they are.
function content(size, salt) {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; ++i) bytes[i] = (i * 31 + (i >> 8) * 7 + salt * 13) & 0xff;
  return bytes;
}
async function whole(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
/// In pieces, which is in chunks unless there is a length.
function write_all(stream, bytes, pieces, trailers) {
  const step = Math.max(1, Math.ceil(bytes.length / pieces));
  for (let i = 0; i < bytes.length; i += step) stream.write(bytes.subarray(i, i + step));
  if (trailers) stream.addTrailers(trailers);
  stream.end();
}

//--- the server ----------------------------------------------------------------------------------------------------

const left = { response: 0, upload: 0 };  // by their clients, as the server sees it

async function respond(request, response) {
  const url = new URL(request.url, 'http://h');
  const number = (name) => Number(url.searchParams.get(name));
  if (number('close')) response.setHeader('Connection', 'close');
  switch (url.pathname) {
    case '/content': {
      const bytes = content(number('size'), number('salt'));
      if (!number('chunked')) response.setHeader('Content-Length', bytes.length);
      response.setHeader('ETag', `"${number('salt')}"`);
      if (request.headers['if-none-match'] === `"${number('salt')}"`) {
        response.removeHeader('Content-Length');
        response.writeHead(304).end();
      } else if (request.method === 'HEAD') {
        response.end();
      } else {
        write_all(response, bytes, 3);
      }
      return;
    }
    case '/echo': {
      const bytes = await whole(request);
      const trailer = request.trailers['x-sum'] ?? 'none';
      response.setHeader('X-Trailer', trailer);
      if (!number('chunked')) {
        response.setHeader('Content-Length', bytes.length);
        write_all(response, bytes, 2);
      } else {
        response.setHeader('Trailer', 'X-Length');
        write_all(response, bytes, 4, { 'X-Length': String(bytes.length) });
      }
      return;
    }
    case '/early':  // answered before the content is read, which it is then
      response.writeHead(413, { 'Content-Length': 5 }).end('large');
      request.resume();
      return;
    case '/hints':
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      response.end('hinted');
      return;
    case '/endless': {
      request.resume();
      response.on('close', () => ++left.response);
      const more = () => {
        while (!response.destroyed && response.write(content(65536, 1))) {}
        if (!response.destroyed) response.once('drain', more);
      };
      return more();
    }
    case '/upload': {  // its client leaves before the end
      request.on('error', () => ++left.upload);
      request.resume();
      return;
    }
  }
}

//--- the client ----------------------------------------------------------------------------------------------------

let port;
const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });

/// One request. @return its response, read to its end
async function ask(method, path, { bytes, pieces = 1, headers = {}, trailers, waits } = {}) {
  const sent = { ...headers };
  if (bytes && pieces === 1) sent['Content-Length'] = bytes.length;
  const request = http.request({ port, agent, method, path, headers: sent });
  const informational = [];
  request.on('information', (one) => informational.push(one.statusCode));
  const answered = once(request, 'response');
  if (waits) {
    request.flushHeaders();
    await Promise.race([once(request, 'continue'), answered]);
  }
  write_all(request, bytes ?? Buffer.alloc(0), pieces, trailers);
  const [response] = await answered;
  const body = await whole(response);
  return { status: response.statusCode, headers: response.headers, trailers: response.trailers, body, informational };
}

const size_of = () => [0, 1, 17, 1000, 16384, 65536, 200_000][random(7)] + random(3);

const kinds = {
  async get() {
    const size = size_of(), salt = random(1000);
    const got = await ask('GET', `/content?size=${size}&salt=${salt}&chunked=${random(2)}&close=${random(20) ? 0 : 1}`);
    assert.equal(got.status, 200);
    assert.ok(got.body.equals(content(size, salt)), `content of ${size} bytes`);
  },
  async head() {
    const size = size_of();
    const got = await ask('HEAD', `/content?size=${size}&salt=1`);
    assert.equal(got.status, 200);
    assert.equal(got.headers['content-length'], String(size));
    assert.equal(got.body.length, 0);
  },
  async not_modified() {
    const salt = random(1000);
    const got = await ask('GET', `/content?size=10&salt=${salt}`, { headers: { 'If-None-Match': `"${salt}"` } });
    assert.equal(got.status, 304);
    assert.equal(got.headers.etag, `"${salt}"`);
    assert.equal(got.body.length, 0);
  },
  async post() {
    const bytes = content(size_of(), random(1000));
    const pieces = 1 + random(4), chunked = random(2);
    const got = await ask(random(4) ? 'POST' : 'PUT', `/echo?chunked=${chunked}`, { bytes, pieces });
    assert.equal(got.status, 200);
    assert.ok(got.body.equals(bytes), `echo of ${bytes.length} bytes in ${pieces} pieces`);
    if (chunked) assert.equal(got.trailers['x-length'], String(bytes.length));
  },
  async request_trailers() {
    const bytes = content(1 + size_of(), 3), sum = String(random(1e6));
    const headers = { 'Transfer-Encoding': 'chunked', Trailer: 'X-Sum' };
    const got = await ask('POST', '/echo', { bytes, pieces: 3, headers, trailers: { 'X-Sum': sum } });
    assert.equal(got.status, 200);
    assert.equal(got.headers['x-trailer'], sum);
    assert.ok(got.body.equals(bytes));
  },
  async expect() {
    const bytes = content(size_of() + 1, 5);
    const got = await ask('POST', '/echo', { bytes, pieces: 1 + random(2), headers: { Expect: '100-continue' }, waits: true });
    assert.equal(got.status, 200);
    assert.deepEqual(got.informational.filter((one) => one === 100), [100]);
    assert.ok(got.body.equals(bytes));
  },
  async early_hints() {
    const got = await ask('GET', '/hints');
    assert.equal(got.status, 200);
    assert.ok(got.informational.includes(103));
    assert.equal(got.body.toString(), 'hinted');
  },
  async answered_early() {
    const got = await ask('POST', '/early', { bytes: content(200_000, 1), pieces: 1 + random(3) });
    assert.equal(got.status, 413);
    assert.equal(got.body.toString(), 'large');
  },
  async leaves_response() {
    const request = http.get({ port, agent, path: '/endless' });
    const [response] = await once(request, 'response');
    await once(response, 'data');
    response.on('error', () => {});
    request.destroy();
  },
  async leaves_upload() {
    const request = http.request({ port, agent, method: 'POST', path: '/upload', headers: { 'Content-Length': 1e6 } });
    request.on('error', () => {});
    request.write(content(200_000, 1));
    await new Promise((later) => setTimeout(later, 5));
    request.destroy();
  },
};
/// Of a hundred requests.
const shares = { get: 38, post: 38, head: 5, not_modified: 5, request_trailers: 4, expect: 4, early_hints: 2,
                 answered_early: 2, leaves_response: 1, leaves_upload: 1 };

//--- the run -------------------------------------------------------------------------------------------------------

const server = http.createServer(respond);
server.on('checkContinue', (request, response) => {
  response.writeContinue();
  respond(request, response);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');

const proxy = spawn(halfclose, ['serve', '--listen', '127.0.0.1:0', '--upstream', `127.0.0.1:${server.address().port}`],
                    { stdio: ['ignore', 'inherit', 'pipe'] });
const gone = once(proxy, 'exit');
process.on('exit', () => proxy.kill('SIGKILL'));
const [line] = await once(createInterface({ input: proxy.stderr }), 'line');
port = Number(/^listening on .*:(\d+)$/.exec(line)[1]);

const asked = {};
const drawn = Object.entries(shares).flatMap(([kind, share]) => Array(share).fill(kind));
let to_ask = Number(count);
await Promise.all(Array.from({ length: 8 }, async () => {
  while (to_ask-- > 0) {
    const kind = drawn[random(drawn.length)];
    await kinds[kind]().catch((error) => {
      error.message = `${kind}: ${error.message}`;
      throw error;
    });
    asked[kind] = (asked[kind] ?? 0) + 1;
  }
}));
// The server is told of whoever left in the middle of a response.
for (let i = 0; i < 500 && left.response < (asked.leaves_response ?? 0); ++i)
  await new Promise((later) => setTimeout(later, 10));
assert.equal(left.response, asked.leaves_response ?? 0);

agent.destroy();
proxy.kill('SIGTERM');
assert.deepEqual(await gone, [0, null], 'the proxy ends with 0');
server.closeAllConnections();
server.close();
console.log(JSON.stringify({ asked, left }));
process.exit(0);
