// The node client of Neovim, unchanged, holds the dialogue of test_foreign.py with sockd.
//
//   node client.js MODULES SOCKET PORT CLOSED-PORT
const [modules, path, port, closedPort] = process.argv.slice(2);
const { attach } = require(`${modules}/neovim`);

const client = attach({ socket: path });
const said = [];
const notified = [];
let wake = () => {};

client.on('notification', (method, args) => {
  notified.push([method, args]);
  wake();
});

function call(method, ...params) {
  return client.request(method, params);
}

// The name of the error that the call ends with.
async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error.message.match(/\bE[A-Z]+\b/)[0];
  }
  throw new Error('it did not fail');
}

async function until(condition) {
  while (!condition()) {
    await new Promise((resolve) => { wake = resolve; });
  }
}

function streamed() {
  const pieces = notified.filter(([method, args]) => method === 'sockd.data' && args[2] !== null);
  return Buffer.concat(pieces.map(([, args]) => Buffer.from(args[2]))).toString();
}

// Nobody tells the number of a request; only the one that waits can be cancelled.
async function cancelWaiting() {
  for (let number = 0; number < 100; number += 1) {
    try {
      return await call('sockd.cancel', number);
    } catch (error) {
      if (!error.message.includes('ENOENT')) throw error;
    }
  }
  throw new Error('no request waits');
}

async function dialogue() {
  await client.channelId;
  const handle = await call('tcp_connect', '127.0.0.1', Number(port), 5);
  said.push('connected');
  said.push(`wrote ${await call('write', handle, 'question\n')}`);
  said.push(`read ${Buffer.from(await call('read', handle, '\n', 20)).toString().trim()}`);
  said.push(await failure(call('tcp_connect', '127.0.0.1', Number(closedPort))));
  const read = failure(call('read', handle, '\n'));
  await cancelWaiting();
  said.push(await read);
  await call('sockd.watch', handle, ['close']);
  await call('sockd.stream', handle, 100);
  client.notify('write', [handle, 'flow\n']);
  await until(() => streamed().length >= 10);
  said.push(`streamed ${streamed()}`);
  await call('sockd.stream', handle);
  await call('close', handle);
  await until(() => notified.some(([method, args]) => method === 'sockd.event' && args[1] === 'close'));
  said.push('closed');
}

dialogue().then(() => {
  process.stdout.write(`${said.join('\n')}\n`, () => process.exit(0));
}, (error) => {
  process.stderr.write(`${error.stack}\n`, () => process.exit(1));
});
