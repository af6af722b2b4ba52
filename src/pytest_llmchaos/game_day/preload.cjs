// Node before 22.21 and 24.5 does not look at HTTPS_PROXY. With NODE_OPTIONS=--require=THIS_FILE both `fetch` and
// `https` go through it, but to the hosts in NO_PROXY. Clients with a dispatcher or connections of their own pass by.
'use strict';

const http = require('node:http');
const https = require('node:https');
const tls = require('node:tls');

const given = process.env.https_proxy || process.env.HTTPS_PROXY;
const native = process.allowedNodeEnvironmentFlags.has('--use-env-proxy') && process.env.NODE_USE_ENV_PROXY === '1';
const direct = (process.env.no_proxy || process.env.NO_PROXY || '').toLowerCase().split(/[\s,]+/).filter(Boolean);

if (given && !native && !globalThis[Symbol.for('llmchaos.preload')]) {
  globalThis[Symbol.for('llmchaos.preload')] = true;
  follow(new URL(given));
}

function passesBy(host, port) {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  return direct.some((each) => {
    const bare = each.replace(/^\*?\./, '');
    return each === '*' || [name, `${name}:${port}`].some((one) => one === bare || one.endsWith(`.${bare}`));
  });
}

function follow(proxy) {
  const headers = {};
  if (proxy.username) {
    const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
    headers['proxy-authorization'] = `Basic ${Buffer.from(user).toString('base64')}`;
  }
  // An agent of its own, made before the patch: the way to the proxy does not lead through the proxy.
  const plain = proxy.protocol === 'https:' ? https : http;
  const agent = new plain.Agent({ keepAlive: false });
  if (plain === https) agent.createConnection = https.Agent.prototype.createConnection;

  function tunnel(host, port, done) {
    const path = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    const asking = plain.request({
      agent, method: 'CONNECT', hostname: proxy.hostname.replace(/^\[|\]$/g, ''), port: proxy.port || undefined,
      path, headers: { ...headers, host: path },
    });
    asking.once('connect', (answer, socket) => {
      if (answer.statusCode === 200) return done(null, socket);
      socket.destroy();
      return done(new Error(`${proxy.host} answers CONNECT ${path} with ${answer.statusCode}`));
    });
    asking.once('response', (answer) => {
      answer.resume();
      done(new Error(`${proxy.host} answers CONNECT ${path} with ${answer.statusCode}`));
    });
    asking.once('error', done);
    asking.end();
  }

  const create = https.Agent.prototype.createConnection;
  https.Agent.prototype.createConnection = function createConnection(options, done) {
    const host = options.host || options.hostname || 'localhost';
    const port = options.port || 443;
    if (options.socket || options.socketPath || typeof done !== 'function' || passesBy(host, port)) {
      return create.call(this, options, done);
    }
    tunnel(host, port, (problem, socket) => {
      if (problem) return done(problem);
      return done(null, create.call(this, { ...options, socket }));
    });
    return undefined;
  };

  // The built-in fetch asks the dispatcher under this symbol; making a Response is what loads it.
  const symbol = Symbol.for('undici.globalDispatcher.1');
  if (typeof Response === 'undefined' || !new Response() || !globalThis[symbol]) return;
  const before = globalThis[symbol];
  const Agent = before.constructor;
  const tunnelled = new Agent({
    connect({ hostname, port, servername }, done) {
      const host = hostname.replace(/^\[|\]$/g, '');
      tunnel(host, port || 443, (problem, socket) => {
        if (problem) return done(problem);
        const secured = tls.connect({ socket, servername: servername || host, ALPNProtocols: ['http/1.1'] });
        secured.once('error', done);
        secured.once('secureConnect', () => {
          secured.removeListener('error', done);
          done(null, secured);
        });
        return undefined;
      });
    },
  });
  const dispatch = before.dispatch.bind(before);
  before.dispatch = function chosen(options, handler) {
    const origin = new URL(String(options.origin));
    const far = origin.protocol === 'https:' && !passesBy(origin.hostname, origin.port || 443);
    return far ? tunnelled.dispatch(options, handler) : dispatch(options, handler);
  };
}
