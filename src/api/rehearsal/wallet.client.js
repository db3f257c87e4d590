// The test wallet of a rehearsal. Runs in the page, announces itself by EIP-6963, and hands a short list of JSON-RPC
// methods to the server that served it. It holds no key: the local chain signs for its owner's account.
const info = Object.freeze({
  uuid: crypto.randomUUID(),
  name: 'Local test wallet',
  icon: "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='7' fill='%232f6f62'/%3E%3Cpath d='M6 19h20M16 7v12M9 19l7 7 7-7' stroke='white' stroke-width='2.4' fill='none'/%3E%3C/svg%3E",
  rdns: 'org.evenkeel.rehearsal',
});

const listeners = new Map();
let nextId = 1;
let connected = false;

function emit(event, value) {
  for (const listener of listeners.get(event) ?? []) listener(value);
}

function rpcError(error) {
  return Object.assign(new Error(error.message), { code: error.code, data: error.data });
}

async function send(method, params) {
  const response = await fetch('/rehearsal/rpc', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: nextId++, method, params }),
  });
  const body = await response.json();
  if (body.error !== undefined) throw rpcError(body.error);
  if (!response.ok) throw rpcError({ code: -32603, message: body.reason ?? `the server answered ${response.status}` });
  return body.result;
}

async function request({ method, params = [] }) {
  if (method === 'eth_requestAccounts') {
    const accounts = await send(method, params);
    if (!connected) {
      connected = true;
      emit('connect', { chainId: await send('eth_chainId', []) });
      emit('accountsChanged', accounts);
    }
    return accounts;
  }
  if (method === 'eth_accounts') return connected ? send(method, params) : [];
  if (method === 'wallet_revokePermissions') {
    connected = false;
    emit('accountsChanged', []);
    return null;
  }
  if (method === 'wallet_switchEthereumChain') {
    if (params[0]?.chainId === (await send('eth_chainId', []))) return null;
    throw rpcError({ code: 4902, message: 'the test wallet knows the local chain only' });
  }
  return send(method, params);
}

const provider = Object.freeze({
  request,
  on(event, listener) {
    listeners.set(event, [...(listeners.get(event) ?? []), listener]);
    return provider;
  },
  removeListener(event, listener) {
    listeners.set(
      event,
      (listeners.get(event) ?? []).filter((l) => l !== listener),
    );
    return provider;
  },
});

const announce = () =>
  window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail: Object.freeze({ info, provider }) }));
window.addEventListener('eip6963:requestProvider', announce);
announce();
